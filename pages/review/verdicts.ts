// Giving verdicts and taking them back: shown at once, sent through the outbox, put right again if that is given up.

import type { ApiPair } from '../../lib/server/api.js';
import type { Verdict } from '../../lib/runs/findings.js';
import { verdictWords } from '../shared/marks.js';
import { nameParts, visible } from '../shared/names.js';
import { api, type NewDecision } from './api.js';
import type { Letter, Outbox } from './outbox.js';

export interface Given {
  readonly pair: ApiPair;
  readonly decision: NewDecision;
  readonly before: Verdict | undefined;
}

type Show = (isMeant: (pair: ApiPair) => boolean, verdict: Verdict | undefined) => void;

export class Verdicts {
  readonly #set: string;
  readonly #outbox: Outbox;
  readonly #show: Show;
  readonly #given: { readonly given: Given; readonly letter: Letter }[] = [];

  /** @param show puts a verdict on all pairs that are meant. */
  constructor(set: string, outbox: Outbox, show: Show) {
    this.#set = set;
    this.#outbox = outbox;
    this.#show = show;
  }

  give(pair: ApiPair, verdict: Verdict, reason: string): Given {
    const decision = { ...subjectsOf(pair), verdict, ...(reason === '' ? {} : { reason }) };
    const given = { pair, decision, before: pair.verdict };
    const letter = {
      title: titleOf(given),
      send: async () => void (await api.decide(this.#set, decision)),
      giveUp: () => {
        this.#forget(letter);
        this.#show(isAbout(decision), given.before);
      },
    };
    this.#given.push({ given, letter });
    this.#show(isAbout(decision), verdict);
    this.#outbox.put(letter);
    return given;
  }

  /** @returns what was taken back; undefined when nothing was given here. */
  takeBack(): Given | undefined {
    const last = this.#given.pop();
    if (!last) return undefined;
    const { given, letter } = last;
    this.#show(isAbout(given.decision), given.before);
    if (this.#outbox.recall(letter)) return given;
    this.#outbox.put({
      title: `Taking back ${titleOf(given)}`,
      send: () => this.#withdraw(given),
      giveUp: () => this.#show(isAbout(given.decision), given.decision.verdict),
    });
    return given;
  }

  /** The server withdraws the latest decision of all, which may be another reviewer's: then this one is put right instead. */
  async #withdraw({ decision, before }: Given): Promise<void> {
    const latest = (await api.decisions(this.#set, 0, 1)).items[0];
    if (latest && keyOf(latest) === keyOf(decision) && latest.verdict === decision.verdict)
      await api.undo(this.#set);
    else if (before === undefined) await api.withdraw(this.#set, decision);
    else await api.decide(this.#set, { ...subjectOnly(decision), verdict: before });
  }

  #forget(letter: Letter): void {
    const at = this.#given.findIndex((each) => each.letter === letter);
    if (at >= 0) this.#given.splice(at, 1);
  }
}

/** A verdict is on two records where both photos name one: it then holds for all of their photos. */
export function subjectsOf(pair: ApiPair): Pick<NewDecision, 'kind' | 'first' | 'second'> {
  const { firstReference, secondReference } = pair;
  const areRecords =
    firstReference !== undefined && secondReference !== undefined && firstReference !== secondReference;
  return areRecords
    ? { kind: 'reference', first: firstReference, second: secondReference }
    : { kind: 'photo', first: pair.first, second: pair.second };
}

export function titleOf({ decision, pair }: Pick<Given, 'decision' | 'pair'>): string {
  const names =
    decision.kind === 'reference'
      ? `records ${visible(decision.first)} and ${visible(decision.second)}`
      : `${nameParts(pair.first).file} and ${nameParts(pair.second).file}`;
  return `${verdictWords[decision.verdict]}: ${names}`;
}

function subjectOnly({ kind, first, second }: NewDecision): Pick<NewDecision, 'kind' | 'first' | 'second'> {
  return { kind, first, second };
}

function isAbout(decision: NewDecision): (pair: ApiPair) => boolean {
  const key = keyOf(decision);
  return (pair) => keyOf(subjectsOf(pair)) === key;
}

function keyOf({ kind, first, second }: Pick<NewDecision, 'kind' | 'first' | 'second'>): string {
  return JSON.stringify([kind, ...[first, second].sort()]);
}
