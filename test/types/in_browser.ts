// The matcher, as the compiler of a page sees it, without Node's types: this file is compiled, not run.

import { findDuplicates, groupDuplicates, InvalidEncodingsError } from 'facededup/matcher';

export async function groupsOf(photos: ReadonlyMap<string, Float32Array>): Promise<string[][]> {
  const records = [...photos].map(([id, encoding]) => ({ id, encodings: [encoding] }));
  try {
    const signal: AbortSignal = AbortSignal.timeout(1000);
    return groupDuplicates(await findDuplicates(records, { threshold: 0.4, signal }));
  } catch (error) {
    if (error instanceof InvalidEncodingsError) return [];
    throw error;
  }
}
