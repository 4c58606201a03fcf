// Colour in what a person reads: on a terminal, unless NO_COLOR says no or FORCE_COLOR says yes; never in JSON or CSV.

import picocolors from 'picocolors';

interface Output {
  readonly isTTY?: boolean;
}

/**
 * NO_COLOR (https://no-color.org) goes before FORCE_COLOR; both count when they are not empty, and FORCE_COLOR=0 or
 * false says no.
 */
export function wantsColour(output: Output, environment: NodeJS.ProcessEnv): boolean {
  const { NO_COLOR: no, FORCE_COLOR: force, TERM: terminal } = environment;
  if (no) return false;
  if (force) return force !== '0' && force !== 'false';
  return output.isTTY === true && terminal !== 'dumb';
}

const colours = picocolors.createColors(wantsColour(process.stdout, process.env));

export type Colour = (text: string) => string;

export const plain: Colour = (text) => text;
export const inBold: Colour = colours.bold;
export const faint: Colour = colours.dim;
export const good: Colour = colours.green;
export const doubtful: Colour = colours.yellow;
export const bad: Colour = colours.red;
