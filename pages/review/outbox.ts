// Verdicts on their way to the server: sent one after the other in the order they were given, kept when sending fails.

import { sentenceOf } from './api.js';

export interface Letter {
  /** What is waited for, in the reviewer's words. */
  readonly title: string;
  send(): Promise<void>;
  /** Takes back what the page already shows, when the reviewer gives the letter up. */
  giveUp(): void;
}

export interface OutboxState {
  readonly waiting: number;
  /** Of the first letter, after which all others wait: their order matters. */
  readonly failure?: { readonly title: string; readonly reason: string };
}

export class Outbox {
  readonly #letters: Letter[] = [];
  readonly #onChange: (state: OutboxState) => void;
  #failure: string | undefined;
  #isSending = false;

  constructor(onChange: (state: OutboxState) => void) {
    this.#onChange = onChange;
  }

  get state(): OutboxState {
    const first = this.#letters[0];
    const failure = first && this.#failure !== undefined && { title: first.title, reason: this.#failure };
    return { waiting: this.#letters.length, ...(failure ? { failure } : {}) };
  }

  put(letter: Letter): void {
    this.#letters.push(letter);
    void this.#sendAll();
  }

  /** Takes a letter back that was not sent. @returns whether that was still possible. */
  recall(letter: Letter): boolean {
    const at = this.#letters.indexOf(letter);
    if (at < 0 || (at === 0 && this.#isSending)) return false;
    this.#letters.splice(at, 1);
    if (at === 0) this.#failure = undefined;
    this.#onChange(this.state);
    void this.#sendAll();
    return true;
  }

  retry(): void {
    this.#failure = undefined;
    void this.#sendAll();
  }

  /** Gives up all that could not be sent, the latest first, so that the page shows again what the server holds. */
  giveUp(): void {
    if (this.#isSending) return;
    for (const letter of this.#letters.splice(0).reverse()) letter.giveUp();
    this.#failure = undefined;
    this.#onChange(this.state);
  }

  async #sendAll(): Promise<void> {
    if (this.#isSending || this.#failure !== undefined) {
      this.#onChange(this.state);
      return;
    }
    this.#isSending = true;
    for (let letter = this.#letters[0]; letter; letter = this.#letters[0]) {
      this.#onChange(this.state);
      try {
        await letter.send();
        this.#letters.shift();
      } catch (failure) {
        this.#failure = sentenceOf(failure);
        break;
      }
    }
    this.#isSending = false;
    this.#onChange(this.state);
  }
}
