// A wait that an AbortSignal ends early.

import { onAbort } from '../abort_listeners.js';

/** Ends after so many milliseconds, or when the signal fires: whoever waited looks at the signal then. */
export function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      endListening();
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    const endListening = signal ? onAbort(signal, end) : () => undefined;
  });
}
