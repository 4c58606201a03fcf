// The line that shows how far a run is: how it reads, and the rate behind it. No terminal in here.

/** Seconds over which the rate is smoothed: what was done so long ago counts for 1/e. */
const memory = 10;

/** How many things a second: those of the last seconds count most, so that it follows a change and does not jump. */
export class RateMeter {
  #done: number;
  #at: number;
  #recentlyDone = 0;
  #recentSeconds = 0;

  /** @param at in milliseconds, of a clock that never goes back. */
  constructor(at: number, done = 0) {
    this.#at = at;
    this.#done = done;
  }

  update(done: number, at: number): void {
    this.#recentlyDone = this.#recentlyDone * this.#fading(at) + done - this.#done;
    this.#recentSeconds = this.#secondsUntil(at);
    this.#done = done;
    this.#at = at;
  }

  /** Undefined while there is nothing to tell it by. */
  rate(at: number): number | undefined {
    const seconds = this.#secondsUntil(at);
    if (seconds <= 0 || this.#recentlyDone <= 0) return undefined;
    return (this.#recentlyDone * this.#fading(at)) / seconds;
  }

  #fading(at: number): number {
    return Math.exp(-(at - this.#at) / 1000 / memory);
  }

  /** Seconds fade as what was done in them does: their quotient is a mean of rates. */
  #secondsUntil(at: number): number {
    return this.#recentSeconds * this.#fading(at) + (at - this.#at) / 1000;
  }
}

export interface ProgressState {
  readonly label: string;
  readonly done: number;
  /** As far as it is known; it may grow. */
  readonly total: number;
  /** What is counted, in the plural. */
  readonly unit: string;
  /** A second. */
  readonly rate?: number | undefined;
}

const longestBar = 40;
const shortestBar = 8;

/** Never longer than the columns: bar, then rate, then counts give way. */
export function progressLine(state: ProgressState, columns: number): string {
  const { label, done, total, unit, rate } = state;
  const share = total > 0 ? Math.min(done / total, 1) : 1;
  const percent = `${Math.floor(share * 100)}%`;
  const counts = `${inShort(done)}/${inShort(total)} ${unit}`;
  const speed = rate === undefined ? undefined : rateInWords(rate, unit);
  const left = rate === undefined || rate <= 0 ? undefined : `${timeInWords((total - done) / rate)} left`;
  const candidates = [
    [percent, counts, speed, left],
    [percent, counts, left],
    [percent, left],
    [percent],
  ].map((parts) => parts.filter((part) => part !== undefined).join(' | '));
  for (const text of candidates) {
    const room = columns - label.length - text.length - ' [] '.length;
    if (room >= shortestBar) return `${label} ${bar(share, Math.min(room, longestBar))} ${text}`;
  }
  return `${label} ${percent}`.slice(0, Math.max(columns, 0));
}

function bar(share: number, length: number): string {
  const full = Math.floor(share * length);
  return `[${'#'.repeat(full)}${'-'.repeat(length - full)}]`;
}

/** Whole below 100,000, then in thousands, millions…, three digits of them at least. */
export function inShort(number: number): string {
  if (number < 100_000) return String(Math.round(number));
  const units = ['k', 'M', 'G', 'T', 'P'];
  const power = Math.min(Math.floor(Math.log10(number) / 3), units.length);
  const value = number / 1000 ** power;
  return `${value >= 100 ? Math.floor(value) : value.toFixed(1)} ${units[power - 1]}`;
}

function rateInWords(rate: number, unit: string): string {
  if (rate >= 100) return `${inShort(rate)} ${unit}/s`;
  if (rate >= 1) return `${rate.toFixed(1)} ${unit}/s`;
  return `${(rate * 60).toFixed(1)} ${unit}/min`;
}

export function timeInWords(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'long';
  const whole = Math.max(0, Math.ceil(seconds));
  const [days, hours] = [Math.floor(whole / 86_400), Math.floor(whole / 3600) % 24];
  const [minutes, rest] = [Math.floor(whole / 60) % 60, whole % 60];
  const two = (number: number) => String(number).padStart(2, '0');
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${two(minutes)} min`;
  if (minutes > 0) return `${minutes} min ${two(rest)} s`;
  return `${rest} s`;
}
