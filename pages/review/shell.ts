// What stands around every view: navigation, the set, what is not saved yet, and what went wrong.

import type { ApiSession } from '../../lib/server/api.js';
import { element, setAttribute } from '../shared/dom.js';
import { listenForShortcuts, type Shortcut, shortcutsDialog } from '../shared/shortcuts.js';
import { api, listenToConnection, sentenceOf, unreachableSentence } from './api.js';
import { DecisionsView } from './decisions_view.js';
import { amount } from './format.js';
import { GroupsView } from './groups_view.js';
import { ListView } from './list_view.js';
import { LoginView } from './login_view.js';
import { ModelsView } from './models_view.js';
import { Outbox, type OutboxState } from './outbox.js';
import { button, isUnknownSet, unknownSet } from './parts.js';
import { remember, remembered } from './preferences.js';
import { ReviewView } from './review_view.js';
import { hashOf, isOfSet, readRoute, type Route, type ViewName } from './route.js';
import { RunsView } from './runs_view.js';
import { SettingsView } from './settings_view.js';
import { topBar } from './top_bar.js';
import type { Context, View } from './view.js';

const makers: Readonly<Record<ViewName, (context: Context) => View>> = {
  pairs: (context) => new ReviewView(context),
  list: (context) => new ListView(context),
  groups: (context) => new GroupsView(context),
  runs: (context) => new RunsView(context),
  decisions: (context) => new DecisionsView(context),
  models: (context) => new ModelsView(context),
  settings: (context) => new SettingsView(context),
};

const navigation: readonly (readonly [ViewName, string])[] = [
  ['pairs', 'Review'],
  ['list', 'Pairs'],
  ['groups', 'Groups'],
  ['runs', 'Runs'],
  ['decisions', 'Decisions'],
  ['models', 'Models'],
  ['settings', 'Settings'],
];

export class Shell {
  readonly element: HTMLElement;
  readonly #session: ApiSession;
  readonly #outbox = new Outbox((state) => this.#showOutbox(state));
  readonly #links = new Map<ViewName, HTMLAnchorElement>();
  readonly #sets = element('select', {
    class: 'field set-switch',
    attributes: { 'aria-label': 'Set of photos' },
  });
  readonly #main = element('main', { attributes: { id: 'main' } });
  readonly #notices = element('div', { class: 'notices' });
  readonly #offline = element(
    'div',
    { class: 'notice offline', attributes: { role: 'alert', hidden: true } },
    unreachableSentence,
  );
  readonly #unsaved = element('div', { class: 'notice wrong', attributes: { role: 'alert', hidden: true } });
  readonly #runNote = element('div', { class: 'notice run-note', attributes: { hidden: true } });
  readonly #saving = element('span', { class: 'saving small soft', attributes: { role: 'status' } });
  readonly #live = element('div', { class: 'unseen', attributes: { 'aria-live': 'polite', id: 'live' } });
  readonly #shortcuts: Shortcut[] = [];
  #view: View | undefined;
  #route: Route;
  #isWaiting = false;

  constructor(session: ApiSession) {
    this.#session = session;
    this.#route = this.#complete(readRoute(location.hash));
    for (const [view, words] of navigation) this.#links.set(view, element('a', { class: 'nav-link' }, words));
    this.#sets.addEventListener('change', () =>
      this.#go({ set: this.#sets.value, item: undefined, run: undefined }),
    );
    this.element = element(
      'div',
      { class: 'shell' },
      element(
        'a',
        { class: 'skip-link', attributes: { href: '#main' }, on: { click: (event) => this.#skip(event) } },
        'Skip to the content',
      ),
      topBar(
        [
          ...this.#links.values(),
          session.hasQueue && element('a', { class: 'nav-link', attributes: { href: '/queue' } }, 'Queue'),
        ],
        this.#saving,
        this.#sets,
        this.#keysButton(),
        this.#session.isLoggedIn && button('Log out', () => void this.#logOut(), 'quiet'),
      ),
      this.#offline,
      this.#unsaved,
      this.#notices,
      this.#runNote,
      this.#main,
      this.#live,
    );
  }

  start(): void {
    listenToConnection({
      answered: () => this.#answered(),
      unreachable: () => this.#unreachable(),
      loginNeeded: () => this.#logIn(),
    });
    listenForShortcuts(this.#shortcuts);
    document.addEventListener('keydown', (event) => this.#onKey(event), { capture: true });
    window.addEventListener('hashchange', () => this.#show(readRoute(location.hash)));
    window.addEventListener('beforeunload', (event) => {
      if (this.#outbox.state.waiting > 0) event.preventDefault();
    });
    void this.#listSets();
    this.#show(this.#route);
  }

  #complete(route: Route): Route {
    return { ...route, set: route.set ?? this.#session.set };
  }

  #show(given: Route): void {
    const before = this.#route;
    const route = (this.#route = this.#complete(given));
    for (const [view, link] of this.#links) {
      setAttribute(link, 'href', hashOf(this.#to({ view })));
      setAttribute(link, 'aria-current', view === route.view && 'page');
      if (view === route.view) link.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    }
    this.#sets.value = route.set ?? '';
    this.#sets.hidden = !isOfSet(route.view) || this.#sets.options.length < 2;
    this.#showRunNote(route);
    const isSameView = this.#view !== undefined && before.view === route.view && before.set === route.set;
    if (isSameView && this.#view?.follow?.(route)) return;
    this.#open(route);
  }

  #showRunNote({ view, run }: Route): void {
    this.#runNote.hidden = run === undefined || !['pairs', 'list', 'groups'].includes(view);
    const href = hashOf(this.#to({ run: undefined, item: undefined }));
    this.#runNote.replaceChildren(
      element('p', {}, `This is run ${run ?? ''}, not the newest one.`),
      element('a', { attributes: { href } }, 'Show the newest'),
    );
  }

  #open(route: Route): void {
    const isFirst = this.#view === undefined;
    this.#view?.close?.();
    const view = makers[route.view](this.#context(route));
    this.#view = view;
    document.title = `${view.title} – facededup`;
    this.#main.replaceChildren(view.element);
    this.#shortcuts.splice(0, Infinity, ...[...(view.shortcuts ?? []), this.#help()].map(unlessBusy));
    window.scrollTo(0, 0);
    if (isOfSet(route.view)) void this.#tellUnknownSet(route.set ?? this.#session.set, view);
    if (!isFirst) view.element.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true });
  }

  async #tellUnknownSet(set: string, view: View): Promise<void> {
    if (set === this.#session.set || !(await isUnknownSet(set)) || this.#view !== view) return;
    view.close?.();
    this.#main.replaceChildren(element('div', { class: 'page' }, unknownSet(set)));
  }

  #context(route: Route): Context {
    return {
      session: this.#session,
      set: route.set ?? this.#session.set,
      route,
      outbox: this.#outbox,
      go: (part, how) => this.#go(part, how),
      linkTo: (part) => hashOf(this.#to(part)),
      announce: (sentence) => this.#announce(sentence),
      complain: (sentence) => this.#complain(sentence),
    };
  }

  /** Another view begins with its own filter, unless one is asked for. */
  #to(part: Partial<Route>): Route {
    const isElsewhere = part.view !== undefined && part.view !== this.#route.view;
    const { filter, item } = readRoute(`#/sets/-/${part.view ?? this.#route.view}`);
    return { ...this.#route, ...(isElsewhere ? { filter, item } : {}), ...part };
  }

  #go(part: Partial<Route>, how: { readonly replace?: boolean } = {}): void {
    const route = this.#to(part);
    if (!how.replace) {
      location.hash = hashOf(route);
      return;
    }
    // Who has just gone elsewhere is on the way there, and the event of it still comes.
    if (hashOf(this.#complete(readRoute(location.hash))) !== hashOf(this.#route)) return;
    this.#route = route;
    history.replaceState(null, '', hashOf(route));
  }

  async #listSets(): Promise<void> {
    try {
      const names = (await api.sets()).map(({ name }) => name);
      const all = names.includes(this.#session.set) ? names : [this.#session.set, ...names];
      this.#sets.replaceChildren(
        ...all.map((name) => element('option', { attributes: { value: name } }, name)),
      );
      this.#sets.value = this.#route.set ?? '';
      this.#sets.hidden = !isOfSet(this.#route.view) || all.length < 2;
    } catch (failure) {
      this.#complain(sentenceOf(failure));
    }
  }

  #showOutbox({ waiting, failure }: OutboxState): void {
    this.#saving.textContent = failure ? '' : waiting > 0 ? 'Saving …' : 'All saved';
    this.#unsaved.hidden = failure === undefined;
    if (!failure) return;
    this.#unsaved.replaceChildren(
      element(
        'p',
        {},
        element('strong', {}, `${amount(waiting, 'verdict')} not saved. `),
        `${failure.title}: ${failure.reason}`,
      ),
      button('Save again', () => this.#outbox.retry(), 'primary'),
      button('Give up what is not saved', () => this.#outbox.giveUp()),
    );
  }

  #answered(): void {
    if (this.#offline.hidden) return;
    this.#offline.hidden = true;
    this.#announce('The server answers again.');
    this.#outbox.retry();
  }

  #unreachable(): void {
    this.#offline.hidden = false;
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    setTimeout(() => {
      this.#isWaiting = false;
      api.session().catch(() => undefined);
    }, 3000);
  }

  /** The session has ended: what is not saved yet stays here meanwhile. */
  #logIn(): void {
    if (document.querySelector('dialog form.login')) return;
    const login = new LoginView(this.#session, () => {
      dialog.remove();
      this.#outbox.retry();
      this.#open(this.#route);
    });
    const dialog = element(
      'dialog',
      { attributes: { 'aria-label': 'Log in' }, on: { cancel: (event) => event.preventDefault() } },
      login.form,
    );
    document.body.append(dialog);
    dialog.showModal();
    login.focus();
  }

  async #logOut(): Promise<void> {
    if (this.#outbox.state.waiting > 0) {
      this.#complain('Verdicts are being saved. Log out once they are.');
      return;
    }
    try {
      await api.logout();
      location.reload();
    } catch (failure) {
      this.#complain(sentenceOf(failure));
    }
  }

  #announce(sentence: string): void {
    this.#live.textContent = sentence;
  }

  #complain(sentence: string): void {
    const notice = element(
      'div',
      { class: 'notice wrong', attributes: { role: 'alert' } },
      element('p', {}, sentence),
    );
    notice.append(button('Close', () => notice.remove(), 'quiet'));
    this.#notices.replaceChildren(notice);
  }

  /** A key that is held down decides once; Ctrl+Z is the Z of this page, except where a text is typed. */
  #onKey(event: KeyboardEvent): void {
    const isUndo = event.key.toLowerCase() === 'z' && (event.ctrlKey || event.metaKey) && !event.shiftKey;
    const isText = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
    const decides = /^[sduz123]$/.test(event.key) || isAnswer(event.target);
    if (event.repeat && decides && !isText) event.preventDefault();
    if (!isUndo || isText || isDialogOpen()) return;
    event.preventDefault();
    this.#shortcuts.find(({ keys }) => keys.includes('z'))?.run();
  }

  #skip(event: Event): void {
    event.preventDefault();
    this.#main.querySelector<HTMLElement>('h1')?.focus();
  }

  #keysButton(): HTMLElement {
    const shown = button('Keys ', () => this.#showKeys(), 'quiet keys-button');
    shown.append(element('kbd', {}, '?'));
    return shown;
  }

  #help(): Shortcut {
    return { keys: ['?'], words: 'Show these keys', run: () => this.#showKeys() };
  }

  #showKeys(): void {
    const dialog = shortcutsDialog([...(this.#view?.shortcuts ?? []), this.#help()]);
    const isOn = element('input', { attributes: { type: 'checkbox' } });
    isOn.checked = areKeysOn();
    isOn.addEventListener('change', () => remember('keys', isOn.checked ? 'on' : 'off'));
    dialog.querySelector('dl')?.after(element('label', { class: 'check' }, isOn, 'Keys act on this page'));
    dialog.addEventListener('close', () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  }
}

function unlessBusy(shortcut: Shortcut): Shortcut {
  return { ...shortcut, isActive: () => areKeysOn() && !isDialogOpen() && (shortcut.isActive?.() ?? true) };
}

/** Enter and the space bar click it, and go on clicking while they are held down. */
function isAnswer(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('.answer') !== null;
}

function areKeysOn(): boolean {
  return remembered('keys') !== 'off';
}

function isDialogOpen(): boolean {
  return document.querySelector('dialog[open]') !== null;
}
