// One setting as a field of the form: made from its schema, checked against its range.

import type { ApiSettings } from '../../lib/server/api.js';
import type { SettingSchema } from '../../lib/settings/index.js';
import { element, setAttribute } from '../shared/dom.js';

export type Setting = ApiSettings['settings'][number];

export interface SettingField {
  readonly name: string;
  readonly element: HTMLElement;
  isChanged(): boolean;
  /** Shows beside the field what is wrong with it. */
  validate(): boolean;
  /** null: the default. */
  value(): unknown;
  blame(sentence: string): void;
  focus(): void;
}

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

export function settingField(setting: Setting, onChange: () => void): SettingField {
  const { name, description, schema, isFixed, variable } = setting;
  const id = `setting-${name}`;
  const control = controlFor(setting);
  for (const [attribute, value] of Object.entries({
    id,
    class: 'field',
    disabled: isFixed,
    'aria-describedby': `${id}-help ${id}-wrong`,
  }))
    setAttribute(control, attribute, value);
  const wrong = element('p', { class: 'wrong-words', attributes: { id: `${id}-wrong`, role: 'alert' } });
  const blame = (sentence: string) => {
    wrong.textContent = sentence;
    setAttribute(control, 'aria-invalid', sentence !== '' && 'true');
  };
  const before = textOf(setting.value);
  control.value = before;
  control.addEventListener('input', () => {
    blame('');
    onChange();
  });
  control.addEventListener('change', () => blame(wrongWith(control.value, schema)));
  return {
    name,
    element: element(
      'div',
      { class: 'setting' },
      element('label', { attributes: { for: id } }, name),
      control,
      element(
        'p',
        { class: 'small soft', attributes: { id: `${id}-help` } },
        [description, rangeOf(schema), defaultOf(setting)].filter((part) => part !== '').join(' '),
      ),
      isFixed &&
        element(
          'p',
          { class: 'small fixed' },
          `Set by the environment variable ${variable ?? ''}, which goes before the file: change it there.`,
        ),
      wrong,
    ),
    isChanged: () => !isFixed && control.value.trim() !== before,
    validate: () => {
      const sentence = wrongWith(control.value, schema);
      blame(sentence);
      return sentence === '';
    },
    value: () => (control.value.trim() === '' ? null : valueOf(control.value.trim(), schema)),
    blame,
    focus: () => control.focus(),
  };
}

function controlFor({ schema, default: fallback }: Setting): Control {
  const options = schema.enum ?? (schema.type === 'boolean' ? ['true', 'false'] : undefined);
  if (options)
    return element(
      'select',
      {},
      element(
        'option',
        { attributes: { value: '' } },
        fallback === undefined ? 'Default' : `Default (${String(fallback)})`,
      ),
      ...options.map((value) => element('option', { attributes: { value } }, value)),
    );
  if (schema.type === 'array' && schema.items?.type === 'string')
    return element('textarea', { attributes: { rows: 2, spellcheck: 'false' } });
  const isNumber = schema.type === 'number' || schema.type === 'integer';
  return element('input', {
    attributes: {
      type: 'text',
      inputmode: isNumber ? 'decimal' : undefined,
      placeholder: fallback === undefined ? '' : textOf(fallback),
      spellcheck: 'false',
      autocomplete: 'off',
    },
  });
}

function textOf(value: unknown): string {
  if (Array.isArray(value))
    return value.map(textOf).join(value.some((part) => typeof part === 'string') ? '\n' : ', ');
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : '';
}

function valueOf(text: string, schema: SettingSchema): unknown {
  if (schema.type === 'boolean') return text === 'true';
  if (schema.type === 'number' || schema.type === 'integer') return Number(text);
  if (schema.type !== 'array') return text;
  return partsOf(text, schema).map((part) => (schema.items?.type === 'string' ? part : Number(part)));
}

function partsOf(text: string, { items }: SettingSchema): string[] {
  const parts = items?.type === 'string' ? text.split('\n') : text.split(/[\s,;]+/);
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

/** In words; empty: it is in its range. */
function wrongWith(text: string, schema: SettingSchema): string {
  const trimmed = text.trim();
  if (trimmed === '') return '';
  if (schema.type === 'array') {
    const parts = partsOf(trimmed, schema);
    const { minItems = 0, maxItems = Infinity, items } = schema;
    if (parts.length < minItems || parts.length > maxItems)
      return minItems === maxItems ? `Give ${minItems} values.` : `Give ${minItems} to ${maxItems} values.`;
    return (
      parts.map((part) => (items ? wrongWith(part, items) : '')).find((sentence) => sentence !== '') ?? ''
    );
  }
  if (schema.type !== 'number' && schema.type !== 'integer') return '';
  const value = Number(trimmed);
  const { minimum = -Infinity, exclusiveMinimum = -Infinity, maximum = Infinity } = schema;
  const isWhole = schema.type !== 'integer' || Number.isInteger(value);
  const isIn = value >= minimum && value > exclusiveMinimum && value <= maximum;
  return Number.isFinite(value) && isWhole && isIn
    ? ''
    : `‘${trimmed}’ is not ${schema.type === 'integer' ? 'a whole number' : 'a number'} in its range. ${rangeOf(schema)}`;
}

function rangeOf({ type, minimum, exclusiveMinimum, maximum, items, enum: options }: SettingSchema): string {
  if (options) return '';
  if (type === 'array')
    return items ? rangeOf(items).replace(/^./, (first) => `Each ${first.toLowerCase()}`) : '';
  const numbers = new Intl.NumberFormat('en');
  const number = { format: (value: number) => numbers.format(value).replace('-', '−') };
  const lowest = minimum ?? exclusiveMinimum;
  if (lowest === undefined) return '';
  if (maximum !== undefined && exclusiveMinimum !== undefined)
    return `Above ${number.format(lowest)}, up to ${number.format(maximum)}.`;
  if (maximum !== undefined) return `From ${number.format(lowest)} to ${number.format(maximum)}.`;
  return exclusiveMinimum === undefined
    ? `At least ${number.format(lowest)}.`
    : `Above ${number.format(lowest)}.`;
}

function defaultOf({ default: fallback }: Setting): string {
  return fallback === undefined ? '' : `Default ${textOf(fallback)}.`;
}
