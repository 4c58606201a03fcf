// The door: the token that the server printed when it was started.

import type { ApiSession } from '../../lib/server/api.js';
import { element } from '../shared/dom.js';
import { api, sentenceOf } from './api.js';
import { brand } from './brand.js';

export class LoginView {
  readonly form: HTMLFormElement;
  readonly #token = element('input', {
    class: 'field',
    attributes: {
      id: 'token',
      type: 'password',
      autocomplete: 'current-password',
      required: true,
      spellcheck: 'false',
      'aria-describedby': 'token-help token-wrong',
    },
  });
  readonly #wrong = element('p', { class: 'wrong-words', attributes: { id: 'token-wrong', role: 'alert' } });
  readonly #submit = element('button', { class: 'button primary', attributes: { type: 'submit' } }, 'Log in');
  readonly #onDone: () => void;

  constructor({ version }: ApiSession, onDone: () => void) {
    this.#onDone = onDone;
    this.form = element(
      'form',
      { class: 'login card', on: { submit: (event) => void this.#logIn(event) } },
      brand(),
      element('h1', {}, 'Log in'),
      element('label', { attributes: { for: 'token' } }, 'Token'),
      this.#token,
      element(
        'p',
        { class: 'small soft', attributes: { id: 'token-help' } },
        'The one that facededup serve printed when it was started, or that it was given.',
      ),
      this.#wrong,
      this.#submit,
      element('p', { class: 'small soft' }, `facededup ${version}`),
    );
  }

  focus(): void {
    this.#token.focus();
  }

  async #logIn(event: Event): Promise<void> {
    event.preventDefault();
    this.#submit.disabled = true;
    this.#wrong.textContent = '';
    try {
      await api.login(this.#token.value.trim());
      this.#onDone();
    } catch (failure) {
      this.#wrong.textContent = sentenceOf(failure);
      this.#submit.disabled = false;
      this.#token.focus();
      this.#token.select();
    }
  }
}
