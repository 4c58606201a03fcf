// Bringing in a Caffe detector: two files, what it is tried on, how much is sent, and what the checks said.

import type { ApiModelHistory } from '../../lib/server/api.js';
import { element } from '../shared/dom.js';
import { sentenceOf, uploadModel } from './api.js';
import { hiddenSentence } from './hidden_version.js';
import { progressBar } from './parts.js';

export function uploadForm(onDone: (history: ApiModelHistory) => void): HTMLElement {
  const prototxt = fileField('prototxt', '.prototxt,.txt', true);
  const caffemodel = fileField('caffemodel', '.caffemodel', true);
  const photo = fileField('check-photo', 'image/*', false);
  const faces = element('input', {
    class: 'field figure',
    attributes: { id: 'check-faces', type: 'number', min: 0, max: 9999, placeholder: 'any' },
  });
  const version = element('input', {
    class: 'field',
    attributes: { id: 'version', type: 'text', maxlength: 64, spellcheck: 'false', autocomplete: 'off' },
  });
  const submit = element(
    'button',
    { class: 'button primary', attributes: { type: 'submit' } },
    'Upload and use',
  );
  const bar = progressBar('Upload');
  bar.element.hidden = true;
  const words = element('div', { class: 'upload-words', attributes: { role: 'status' } });
  const wrong = element('p', { class: 'wrong-words', attributes: { role: 'alert' } });

  const onSubmit = async (event: Event) => {
    event.preventDefault();
    const [network, weights] = [prototxt.files?.[0], caffemodel.files?.[0]];
    if (!network || !weights) return;
    submit.disabled = true;
    wrong.textContent = '';
    bar.element.hidden = false;
    try {
      const history = await uploadModel(
        {
          prototxt: network,
          caffemodel: weights,
          photo: photo.files?.[0],
          faces: faces.value || undefined,
          version: version.value.trim() || undefined,
        },
        (part) => {
          bar.show(part);
          words.textContent =
            part < 1 ? 'Sending …' : 'Sent. The server loads it and looks for faces with it …';
        },
      );
      words.replaceChildren(...checksOf(history));
      onDone(history);
    } catch (failure) {
      words.textContent = '';
      wrong.textContent = `The model was not taken: ${sentenceOf(failure)}`;
    }
    bar.element.hidden = true;
    submit.disabled = false;
  };
  return element(
    'form',
    { class: 'upload card', on: { submit: (event) => void onSubmit(event) } },
    element('h2', {}, 'Bring in another face detector'),
    element(
      'p',
      { class: 'small soft' },
      'A Caffe SSD: its network and its weights. It is checked before it is used, and the one in use is kept to go back to.',
    ),
    labelled('Network (.prototxt)', prototxt),
    labelled('Weights (.caffemodel)', caffemodel),
    labelled('Photo to try it on (optional)', photo, 'Without one it is tried on a drawn face.'),
    labelled('Faces on that photo (optional)', faces, 'It must find so many, no more and no fewer.'),
    labelled('Name of the version (optional)', version),
    bar.element,
    words,
    wrong,
    element('div', { class: 'actions' }, submit),
  );
}

function fileField(id: string, accept: string, required: boolean): HTMLInputElement {
  return element('input', { class: 'field', attributes: { id, type: 'file', accept, required } });
}

function labelled(words: string, field: HTMLInputElement, help?: string): HTMLElement {
  if (help !== undefined) field.setAttribute('aria-describedby', `${field.id}-help`);
  return element(
    'div',
    { class: 'form-field' },
    element('label', { attributes: { for: field.id } }, words),
    field,
    help !== undefined && element('p', { class: 'small soft', attributes: { id: `${field.id}-help` } }, help),
  );
}

function checksOf(history: ApiModelHistory): HTMLElement[] {
  const { current, versions, hiddenBy } = history;
  const checks = versions.find(({ version }) => version === current)?.checks ?? [];
  return [
    element(
      'p',
      {},
      element(
        'strong',
        {},
        hiddenBy === null
          ? `Version ${current} is in use.`
          : `Version ${current} was taken and is NOT in use. ${hiddenSentence(history)}`,
      ),
      checks.length > 0 && ' The checks said:',
    ),
    element('ul', { class: 'checks' }, ...checks.map((check) => element('li', {}, check))),
  ];
}
