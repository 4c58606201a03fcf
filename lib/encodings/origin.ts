// What an encoding was made by, so that nobody compares what cannot be compared or keeps what is out of date.

import { sha256Of } from '../digest.js';

/**
 * The SHA-256 of each model file that had a part in an encoding, and the options that shaped it. Backend, target and the
 * option `encoder` are not among them: their answers differ by less than 1e-5 on the CPU.
 */
export interface EncodingOrigin {
  /** By the names that `facededup models` prints; `encoder` is the ResNet. 64 hexadecimal digits each. */
  readonly models: Readonly<Record<string, string>>;
  /** `detector` is `boxes` where the caller gave the boxes. */
  readonly options: Readonly<Record<string, string | number | boolean | readonly number[]>>;
}

/** A short name for an origin: equal for equal origins, whatever the order of their names. 64 hexadecimal digits. */
export function originId({ models, options }: EncodingOrigin): string {
  return sha256Of(JSON.stringify([sorted(models), sorted(options)]));
}

/** Whether two encodings were made in the same way: by the same models and options. */
export function sameOrigin(a: EncodingOrigin, b: EncodingOrigin): boolean {
  return originId(a) === originId(b);
}

/**
 * The records that must be encoded again: those of another origin than `current`, and those of none.
 *
 * @param current what `FaceEngine.origin()` says.
 */
export function outdatedRecords<Record extends { readonly origin?: EncodingOrigin | undefined }>(
  records: readonly Record[],
  current: EncodingOrigin,
): Record[] {
  const id = originId(current);
  // Records share few origin objects.
  const outdated = new Map<EncodingOrigin, boolean>();
  return records.filter(({ origin }) => {
    if (!origin) return true;
    const known = outdated.get(origin) ?? originId(origin) !== id;
    outdated.set(origin, known);
    return known;
  });
}

function sorted(values: Readonly<Record<string, unknown>>): [string, unknown][] {
  return Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));
}
