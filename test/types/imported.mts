// The other entries, as the compiler of an ES module sees them: this file is compiled, not run.

import type { detectFaces, FaceDedupError, findDuplicates } from 'facededup';
import { type FaceRecord } from 'facededup';
import * as matcher from 'facededup/matcher';
import type { createServer } from 'facededup/server';
import { type ApiPair, type FaceServer } from 'facededup/server';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never;
declare function holds<Check extends true>(check?: Check): void;

holds<Same<typeof matcher.findDuplicates, typeof findDuplicates>>();
holds<Same<typeof matcher.FaceDedupError, typeof FaceDedupError>>();
holds<Same<matcher.FaceRecord, FaceRecord>>();
holds<Same<Awaited<ReturnType<typeof createServer>>, FaceServer>>();
holds<Same<ApiPair['distance'], number>>();
// @ts-expect-error the matcher knows nothing of photos
export const detect: typeof detectFaces = matcher.detectFaces;
