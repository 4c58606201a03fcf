// What every view is, and what it is given.

import type { ApiSession } from '../../lib/server/api.js';
import type { Shortcut } from '../shared/shortcuts.js';
import type { Outbox } from './outbox.js';
import type { Route } from './route.js';

export interface View {
  readonly title: string;
  readonly element: HTMLElement;
  readonly shortcuts?: readonly Shortcut[];
  /** The address changed within the view. @returns whether it could follow; otherwise the view is made anew. */
  follow?(route: Route): boolean;
  /** Lets go of timers and streams. */
  close?(): void;
}

export interface Context {
  readonly session: ApiSession;
  readonly set: string;
  readonly route: Route;
  readonly outbox: Outbox;
  /** Goes to another view, or with `replace` corrects the address of this one. */
  go(route: Partial<Route>, how?: { readonly replace?: boolean }): void;
  linkTo(route: Partial<Route>): string;
  /** Read out by a screen reader, politely. */
  announce(sentence: string): void;
  /** Shown until it is closed: something went wrong. */
  complain(sentence: string): void;
}
