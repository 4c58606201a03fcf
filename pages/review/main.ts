// The review and admin page: it asks who is there, then shows the view that the address names.

import type { ApiSession } from '../../lib/server/api.js';
import { element } from '../shared/dom.js';
import { api, ApiFailure } from './api.js';
import { LoginView } from './login_view.js';
import { failureNote } from './parts.js';
import { Shell } from './shell.js';

const app = element('div');
document.body.append(app);

async function start(): Promise<void> {
  try {
    const session = await api.session();
    if (session.needsToken) showLogin(session);
    else showShell(session);
  } catch (failure) {
    app.replaceChildren(failureNote(failure, () => void start()));
    if (failure instanceof ApiFailure && failure.isUnreachable) setTimeout(() => void start(), 3000);
  }
}

function showLogin(session: ApiSession): void {
  const login = new LoginView(session, () => void start());
  document.title = 'Log in – facededup';
  app.replaceChildren(element('main', { class: 'login-page' }, login.form));
  login.focus();
}

function showShell(session: ApiSession): void {
  const shell = new Shell(session);
  app.replaceChildren(shell.element);
  shell.start();
}

void start();
