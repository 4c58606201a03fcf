// How a page of the server begins: it asks who is there, and shows what there is to log in with, or itself.

import type { ApiSession } from '../../lib/server/api.js';
import { element } from '../shared/dom.js';
import { api, ApiFailure } from './api.js';
import { LoginView } from './login_view.js';
import { failureNote } from './parts.js';

/** What is shown to those who may use the server. */
export interface Shown {
  readonly element: HTMLElement;
  start(): void;
}

/** @param show called for each session, with what begins it anew once it has ended. */
export function begin(show: (session: ApiSession, again: () => void) => Shown): void {
  const app = element('div');
  document.body.append(app);
  const again = () => void start();
  const start = async (): Promise<void> => {
    try {
      const session = await api.session();
      if (session.needsToken) logIn(session);
      else {
        const shown = show(session, again);
        app.replaceChildren(shown.element);
        shown.start();
      }
    } catch (failure) {
      app.replaceChildren(failureNote(failure, again));
      if (failure instanceof ApiFailure && failure.isUnreachable) setTimeout(again, 3000);
    }
  };
  const logIn = (session: ApiSession): void => {
    const login = new LoginView(session, again);
    document.title = 'Log in – facededup';
    app.replaceChildren(element('main', { class: 'login-page' }, login.form));
    login.focus();
  };
  again();
}
