// Numbers, times and amounts in the reviewer's words.

const counts = new Intl.NumberFormat('en');
const moments = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });

export const inCount = (count: number): string => counts.format(count);
export const inDistance = (distance: number): string => distance.toFixed(3);

/** '1 photo', '2 photos'. */
export function amount(count: number, one: string, many = `${one}s`): string {
  return `${inCount(count)} ${count === 1 ? one : many}`;
}

export function inMoment(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : moments.format(date);
}

export function inDuration(seconds: number): string {
  if (seconds < 1) return 'under a second';
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

/** Two significant digits, so that neither 0.00012 nor 1,234 says more than is known. */
export function inEstimate(value: number): string {
  if (value === 0) return '0';
  if (value >= 100) return inCount(Math.round(value));
  return String(Number(value.toPrecision(2)));
}
