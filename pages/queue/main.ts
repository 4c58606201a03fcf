// The page of a cluster's queue: its workers, its runs and their stages, jobs that were put aside, and what waits.

import type { ApiSession } from '../../lib/server/api.js';
import { api } from '../review/api.js';
import { LoginView } from '../review/login_view.js';
import { failureNote } from '../review/parts.js';
import { element } from '../shared/dom.js';
import { QueueView } from './queue_view.js';

const app = element('div');
document.body.append(app);

async function start(): Promise<void> {
  try {
    const session = await api.session();
    if (session.needsToken) showLogin(session);
    else showQueue();
  } catch (failure) {
    app.replaceChildren(failureNote(failure, () => void start()));
  }
}

function showLogin(session: ApiSession): void {
  document.title = 'Log in – facededup';
  const login = new LoginView(session, () => void start());
  app.replaceChildren(element('main', { class: 'login-page' }, login.form));
  login.focus();
}

function showQueue(): void {
  document.title = 'Queue – facededup';
  const view = new QueueView(() => void start());
  app.replaceChildren(view.element);
  view.start();
}

void start();
