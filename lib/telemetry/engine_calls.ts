// What is told of calls of the engine: a span for each, and photos, faces and failures counted.

import { count } from './measures.js';
import { isListenedTo } from './providers.js';
import { errorType, traced } from './spans.js';

/** A verb of the engine. */
export type Operation = 'detect' | 'landmarks' | 'encode' | 'extract';

/** A call on one photo. */
export function tracedCall<Face>(operation: Operation, work: () => Promise<Face[]>): Promise<Face[]> {
  if (!isListenedTo()) return work();
  return traced(`facededup.engine.${operation}`, { 'facededup.photos': 1 }, async (tell) => {
    try {
      const faces = await work();
      tell({ 'facededup.faces': faces.length });
      countPhoto(operation, undefined, faces.length);
      return faces;
    } catch (error) {
      countPhoto(operation, error, 0);
      throw error;
    }
  });
}

/** Photos that go through the engine together; one that fails does not end the others. */
export function tracedBatch<
  Result extends { readonly faces?: readonly unknown[] | undefined; readonly error?: unknown },
>(operation: Operation, photos: number, work: () => Promise<Result[]>): Promise<Result[]> {
  if (!isListenedTo()) return work();
  return traced(`facededup.engine.${operation}`, { 'facededup.photos': photos }, async (tell) => {
    const results = await work();
    const faces = results.reduce((sum, each) => sum + (each.faces?.length ?? 0), 0);
    const failed = results.filter(({ error }) => error !== undefined).length;
    tell({ 'facededup.faces': faces, 'facededup.failed': failed });
    for (const { error, faces } of results) countPhoto(operation, error, faces?.length ?? 0);
    return results;
  });
}

function countPhoto(operation: Operation, error: unknown, faces: number): void {
  const ofCall = { 'facededup.operation': operation };
  count('facededup.photos', 1, error === undefined ? ofCall : { ...ofCall, 'error.type': errorType(error) });
  if (faces > 0) count('facededup.faces', faces, ofCall);
}

/** Of a call that waits for its turn. @returns says that it has come. */
export function tracedWait(): () => void {
  if (!isListenedTo()) return () => undefined;
  let begin: () => void = () => undefined;
  const wait = () => new Promise<void>((resolve) => (begin = resolve));
  void traced('facededup.engine.wait', { 'facededup.engine.stage': 'wait' }, wait);
  return begin;
}
