// Bringing in a Caffe detector: two files, how much of them is sent, and what the checks said.

import type { ApiModelHistory } from '../../lib/server/api.js';
import { element } from '../shared/dom.js';
import { sentenceOf, uploadModel } from './api.js';
import { progressBar } from './parts.js';

export function uploadForm(onDone: (history: ApiModelHistory) => void): HTMLElement {
  const file = (id: string, accept: string) =>
    element('input', { class: 'field', attributes: { id, type: 'file', accept, required: true } });
  const prototxt = file('prototxt', '.prototxt,.txt');
  const weights = file('caffemodel', '.caffemodel');
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
    const [network, weightsFile] = [prototxt.files?.[0], weights.files?.[0]];
    if (!network || !weightsFile) return;
    submit.disabled = true;
    wrong.textContent = '';
    bar.element.hidden = false;
    try {
      const history = await uploadModel(network, weightsFile, (part) => {
        bar.show(part);
        words.textContent =
          part < 1 ? 'Sending …' : 'Sent. The server loads it and looks for faces with it …';
      });
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
    element(
      'div',
      { class: 'form-field' },
      element('label', { attributes: { for: 'prototxt' } }, 'Network (.prototxt)'),
      prototxt,
    ),
    element(
      'div',
      { class: 'form-field' },
      element('label', { attributes: { for: 'caffemodel' } }, 'Weights (.caffemodel)'),
      weights,
    ),
    bar.element,
    words,
    wrong,
    element('div', { class: 'actions' }, submit),
  );
}

function checksOf({ current, versions }: ApiModelHistory): HTMLElement[] {
  const checks = versions.find(({ version }) => version === current)?.checks ?? [];
  return [
    element(
      'p',
      {},
      element('strong', {}, `Version ${current} is in use.`),
      checks.length > 0 && ' The checks said:',
    ),
    element('ul', { class: 'checks' }, ...checks.map((check) => element('li', {}, check))),
  ];
}
