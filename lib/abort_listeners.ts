// One listener for each signal, however many calls share it: Node takes eleven for a leak, and says so.

const callbacksOf = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls back when the signal fires; one that has fired never does again.
 *
 * @param callback throws nothing.
 * @returns a function that ends it. Once nobody waits for the signal any more, it holds nothing of ours.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  if (signal.aborted) return () => undefined;
  const callbacks = callbacksOf.get(signal) ?? listenTo(signal);
  callbacks.add(callback);
  return () => {
    callbacks.delete(callback);
    if (callbacks.size === 0 && callbacksOf.get(signal) === callbacks) letGo(signal);
  };
}

function listenTo(signal: AbortSignal): Set<() => void> {
  const callbacks = new Set<() => void>();
  callbacksOf.set(signal, callbacks);
  signal.addEventListener('abort', callAll);
  return callbacks;
}

function letGo(signal: AbortSignal): void {
  callbacksOf.delete(signal);
  signal.removeEventListener('abort', callAll);
}

function callAll(this: AbortSignal): void {
  const callbacks = callbacksOf.get(this) ?? [];
  letGo(this);
  for (const callback of callbacks) callback();
}
