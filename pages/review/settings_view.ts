// Settings: a form made from the table that the server keeps, with ranges, defaults and what each means.

import type { ApiSettings } from '../../lib/server/api.js';
import { element } from '../shared/dom.js';
import { api, ApiFailure, sentenceOf } from './api.js';
import { amount } from './format.js';
import { fetched, pageHeading } from './parts.js';
import { settingField, type SettingField } from './setting_field.js';
import type { Context, View } from './view.js';

export class SettingsView implements View {
  readonly title = 'Settings';
  readonly element: HTMLElement;
  readonly #context: Context;
  readonly #place = element('div');
  readonly #wrong = element('p', { class: 'wrong-words', attributes: { role: 'alert' } });
  readonly #words = element('p', { class: 'soft small', attributes: { role: 'status' } });
  readonly #submit = element('button', { class: 'button primary', attributes: { type: 'submit' } }, 'Save');
  #fields: readonly SettingField[] = [];

  constructor(context: Context) {
    this.#context = context;
    this.element = element('div', { class: 'page' }, pageHeading('Settings'), this.#place);
    fetched(this.#place, 'The settings are being fetched …', api.settings, (settings) =>
      this.#form(settings),
    );
  }

  #form({ file, settings }: ApiSettings): HTMLElement[] {
    this.#fields = settings.map((setting) => settingField(setting, () => this.#changed()));
    this.#changed();
    return [
      element(
        'p',
        { class: 'soft lead' },
        'Kept in ',
        element('code', { class: 'name' }, file),
        '. An empty field takes the default.',
      ),
      element(
        'form',
        {
          class: 'settings',
          attributes: { novalidate: true },
          on: { submit: (event) => void this.#save(event) },
        },
        ...this.#fields.map((field) => field.element),
        element('div', { class: 'save-bar' }, this.#submit, this.#words, this.#wrong),
      ),
    ];
  }

  #changed(): void {
    const count = this.#fields.filter((field) => field.isChanged()).length;
    this.#submit.disabled = count === 0;
    this.#words.textContent = count === 0 ? '' : `${amount(count, 'change')} not saved yet`;
  }

  async #save(event: Event): Promise<void> {
    event.preventDefault();
    this.#wrong.textContent = '';
    const changed = this.#fields.filter((field) => field.isChanged());
    const invalid = changed.filter((field) => !field.validate());
    if (invalid[0]) {
      this.#wrong.textContent = `${amount(invalid.length, 'value')} out of range: nothing was saved.`;
      invalid[0].focus();
      return;
    }
    this.#submit.disabled = true;
    try {
      const answer = await api.changeSettings(
        Object.fromEntries(changed.map((field) => [field.name, field.value()])),
      );
      this.#place.replaceChildren(element('div', { class: 'stack' }, ...this.#form(answer)));
      this.#words.textContent = 'Saved. The next run takes them.';
      this.#context.announce('The settings are saved.');
    } catch (failure) {
      this.#submit.disabled = false;
      this.#blame(changed, failure);
    }
  }

  /** Beside its field, where the server names the setting. */
  #blame(changed: readonly SettingField[], failure: unknown): void {
    const sentence = sentenceOf(failure);
    const isRefused = failure instanceof ApiFailure && failure.status >= 400 && failure.status < 500;
    const field = isRefused
      ? changed.find(({ name }) => new RegExp(`\\b${name}\\b`).test(sentence))
      : undefined;
    if (field) {
      field.blame(sentence);
      field.focus();
    } else this.#wrong.textContent = sentence;
  }
}
