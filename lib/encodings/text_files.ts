// Text files read and written piece by piece: strictly UTF-8, with bounded lines, and numbers that come back exactly.

import { createReadStream } from 'node:fs';
import { FileFault } from './file_fault.js';

/** A photo of thousands of faces has a line of some megabytes. */
const longestLine = 1 << 26;
const writtenTogether = 1 << 20;

/** @throws FileFault when it is not UTF-8. */
export async function* textOf(path: string): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = (bytes?: Uint8Array) => {
    try {
      return decoder.decode(bytes, { stream: bytes !== undefined });
    } catch (cause) {
      throw new FileFault('it is not text in UTF-8', { cause });
    }
  };
  for await (const bytes of createReadStream(path, { highWaterMark: writtenTogether }))
    yield decode(bytes as Uint8Array);
  yield decode();
}

/** The lines without their ends; numbered from 1. */
export async function* linesOf(path: string): AsyncGenerator<readonly [string, number], void, undefined> {
  let rest = '';
  let number = 0;
  for await (const text of textOf(path)) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield [line.replace(/\r$/, ''), ++number];
    if (rest.length > longestLine)
      throw new FileFault(`line ${number + 1} has more than ${longestLine} characters`);
  }
  if (rest !== '') yield [rest, ++number];
}

/** Small texts in large pieces. */
export async function* inPieces(
  texts: AsyncIterable<string> | Iterable<string>,
): AsyncGenerator<Uint8Array, void, undefined> {
  let waiting: string[] = [];
  let length = 0;
  for await (const text of texts) {
    waiting.push(text);
    length += text.length;
    if (length < writtenTogether) continue;
    yield Buffer.from(waiting.join(''));
    [waiting, length] = [[], 0];
  }
  if (length > 0) yield Buffer.from(waiting.join(''));
}

/** Nine digits tell any two float32 apart (IEEE 754-2019, 5.12.2), and are half as long as those of a float64. */
export function float32Text(number: number): string {
  return number === 0 ? float64Text(number) : number.toPrecision(9);
}

/** Also of −0, which JavaScript writes without its sign. */
export function float64Text(number: number): string {
  return Object.is(number, -0) ? '-0' : String(number);
}
