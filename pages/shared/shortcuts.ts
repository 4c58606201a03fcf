// Keys that act on the whole page, and the dialog that lists them.

import { element } from './dom.js';

export interface Shortcut {
  /** As KeyboardEvent.key has them: 'j', 'ArrowDown', '?'. */
  readonly keys: readonly string[];
  /** What it does, for the list; one without words is not listed. */
  readonly words?: string | undefined;
  readonly run: () => void;
  /** Whether it acts now; default always. */
  readonly isActive?: (() => boolean) | undefined;
}

const keyNames: Readonly<Record<string, string>> = {
  ArrowDown: '↓',
  ArrowUp: '↑',
  ArrowLeft: '←',
  ArrowRight: '→',
  Escape: 'Esc',
  ' ': 'Space',
};

/** Keys typed into a field, and those with Ctrl, Alt or Meta, are left alone. */
export function listenForShortcuts(shortcuts: readonly Shortcut[]): void {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target))
      return;
    const shortcut = shortcuts.find(
      ({ keys, isActive }) => keys.includes(event.key) && (isActive?.() ?? true),
    );
    if (!shortcut) return;
    event.preventDefault();
    shortcut.run();
  });
}

/** Closed by Esc, as dialogs are. */
export function shortcutsDialog(shortcuts: readonly Shortcut[]): HTMLDialogElement {
  const entries = shortcuts.flatMap(({ keys, words }) =>
    words === undefined
      ? []
      : [
          element('dt', {}, ...keys.flatMap((key) => [element('kbd', {}, keyNames[key] ?? key), ' '])),
          element('dd', {}, words),
        ],
  );
  const dialog = element(
    'dialog',
    { attributes: { 'aria-labelledby': 'shortcuts-title' } },
    element('h2', { attributes: { id: 'shortcuts-title' } }, 'Keys'),
    element('dl', { class: 'shortcuts' }, ...entries),
    element(
      'button',
      { class: 'button', attributes: { type: 'button' }, on: { click: () => dialog.close() } },
      'Close',
    ),
  );
  return dialog;
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target instanceof HTMLInputElement)
    return !['checkbox', 'radio', 'button', 'submit'].includes(target.type);
  return (
    target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable
  );
}
