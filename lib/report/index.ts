// The report's door: one HTML file about what a run found, with the faces in it.

import { access, constants, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { FaceDedupError, ReportError, messageOf } from '../errors.js';
import { isAbsence, isFull, writeWhole } from '../models/files.js';
import { oneOf } from '../options.js';
import type { Findings } from '../runs/findings.js';
import { photosInReport, type ReportContents, type ReportOptions, reportStream } from './stream.js';

export { type PhotosInReport, photosInReport, type ReportContents, type ReportOptions } from './stream.js';

export interface WrittenReport extends ReportContents {
  /** Absolute. */
  readonly path: string;
  /** Size of the file. */
  readonly bytes: number;
}

/**
 * Writes a report: one self-contained HTML file that opens from disk, readable by its owner alone, there whole or not at
 * all. Each photo of a pair is read once; one that is gone, or has changed since, is shown as missing, with its reason.
 *
 * @throws ReportError `REPORT_UNWRITABLE`, InvalidOptionError, AbortedError, model errors, EngineClosedError
 */
export async function writeReport(
  path: string,
  findings: Findings,
  options: ReportOptions,
): Promise<WrittenReport> {
  oneOf(photosInReport)(options.photos ?? 'auto', 'photos');
  const target = resolve(path);
  let contents: ReportContents | undefined;
  const stream = reportStream(target, findings, options, (held) => {
    contents = held;
  });
  try {
    const { bytes } = await writeWhole(target, stream, {
      maxBytes: Number.MAX_SAFE_INTEGER,
      mode: 0o600,
      signal: options.signal,
    });
    return { path: target, bytes, ...(contents as ReportContents) };
  } catch (error) {
    if (error instanceof FaceDedupError || !isOfSystem(error)) throw error;
    throw unwritable(target, error.message, error);
  }
}

/**
 * Whether a report could be written there: worth asking before the work that leads up to it, which may take hours.
 *
 * @throws ReportError `REPORT_UNWRITABLE`
 */
export async function requireWritable(path: string): Promise<void> {
  const target = resolve(path);
  const folder = dirname(target);
  try {
    await access(folder, constants.W_OK | constants.X_OK);
    if (!(await stat(folder)).isDirectory()) throw new Error(`'${folder}' is no folder`);
  } catch (error) {
    throw unwritable(target, isAbsence(error) ? `there is no folder '${folder}'` : messageOf(error), error);
  }
  const there = await stat(target).catch(() => undefined);
  if (there && !there.isFile()) throw unwritable(target, 'it is there already, and no file');
}

function isOfSystem(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}

function unwritable(path: string, reason: string, cause?: unknown): ReportError {
  return new ReportError(
    'REPORT_UNWRITABLE',
    `The report '${path}' cannot be written: ${reason}. ${
      isFull(cause) ? 'Make room, or name a file on another disk.' : 'Name a file in a folder that is there.'
    }`,
    { cause },
  );
}
