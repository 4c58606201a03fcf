// Encodings kept between runs: a file of JSON lines that only grows, so that a run that is killed loses nothing it had.
//
// {"facededup":"encodings","format":1}
// {"origin":{…},"id":"…"}                               once for each origin, before its first photo
// {"photo":"…","tag":"…","origin":"…","faces":[…]}       a later line of a photo replaces an earlier one

import { appendFile, open, readFile, truncate } from 'node:fs/promises';
import type { Box } from '../detections.js';
import { EncodingsFileError } from '../errors.js';
import { type EncodingOrigin, originId } from './origin.js';

export interface KeptFace {
  readonly box: Box;
  readonly confidence: number;
  readonly encoding: Float32Array;
}

export interface KeptPhoto {
  readonly photo: string;
  /** Another one whenever the photo's content changes: an ETag, a digest. */
  readonly tag: string;
  readonly origin: EncodingOrigin;
  readonly faces: readonly KeptFace[];
}

interface Entry {
  readonly tag: string;
  readonly originId: string;
  readonly faces: readonly KeptFace[];
}

const firstLine = JSON.stringify({ facededup: 'encodings', format: 1 });
const encodingSize = 128;

export class EncodingsJournal {
  readonly #path: string;
  readonly #entries = new Map<string, Entry>();
  readonly #origins = new Map<string, EncodingOrigin>();

  private constructor(path: string) {
    this.#path = path;
  }

  /**
   * Reads the file, or begins it. A last line that a killed process left half written is cut off.
   *
   * @throws EncodingsFileError `ENCODINGS_FILE_UNREADABLE`, `ENCODINGS_FILE_INVALID`
   */
  static async open(path: string): Promise<EncodingsJournal> {
    const journal = new EncodingsJournal(path);
    await onFile(path, async () => {
      // Encodings are biometric data: nobody but the owner reads them.
      await (await open(path, 'a', 0o600)).close();
      const content = await readFile(path);
      const end = content.lastIndexOf('\n') + 1;
      if (end < content.length) await truncate(path, end);
      if (end === 0) await appendFile(path, `${firstLine}\n`);
      else journal.#read(content.toString('utf8', 0, end - 1).split('\n'));
    });
    return journal;
  }

  /** What is kept of a photo, if it still has this content and would be encoded in this way. */
  find(photo: string, tag: string, origin: EncodingOrigin): readonly KeptFace[] | undefined {
    const entry = this.#entries.get(photo);
    return entry?.tag === tag && entry.originId === originId(origin) ? entry.faces : undefined;
  }

  /** @throws EncodingsFileError `ENCODINGS_FILE_UNREADABLE` */
  async keep({ photo, tag, origin, faces }: KeptPhoto): Promise<void> {
    const id = originId(origin);
    const lines = this.#origins.has(id) ? [] : [JSON.stringify({ origin, id })];
    lines.push(JSON.stringify({ photo, tag, origin: id, faces: faces.map(packed) }));
    // One write of whole lines: those of two processes may mix, but not within a line.
    await onFile(this.#path, () => appendFile(this.#path, lines.map((line) => `${line}\n`).join('')));
    this.#origins.set(id, origin);
    this.#entries.set(photo, { tag, originId: id, faces });
  }

  #read([first, ...lines]: readonly string[]): void {
    if (first !== firstLine) throw invalid(this.#path, 1);
    lines.forEach((line, index) => {
      const value = parsedLine(line);
      if (value?.origin && typeof value.id === 'string' && typeof value.origin === 'object')
        this.#origins.set(value.id, value.origin as EncodingOrigin);
      else if (isPhotoLine(value))
        this.#entries.set(value.photo, {
          tag: value.tag,
          originId: value.origin,
          faces: value.faces.map((face) => unpacked(face) ?? fail(this.#path, index + 2)),
        });
      else throw invalid(this.#path, index + 2);
    });
  }
}

interface PackedFace extends Omit<KeptFace, 'encoding'> {
  /** 128 little-endian float32, in base 64. */
  readonly encoding: string;
}

interface PhotoLine {
  readonly photo: string;
  readonly tag: string;
  readonly origin: string;
  readonly faces: readonly PackedFace[];
}

type Line = Partial<Record<keyof PhotoLine | 'id', unknown>>;

function parsedLine(line: string): Line | undefined {
  try {
    return (JSON.parse(line) ?? undefined) as Line | undefined;
  } catch {
    // Told by its number.
    return undefined;
  }
}

function isPhotoLine(value: Line | undefined): value is PhotoLine & Line {
  return (
    [value?.photo, value?.tag, value?.origin].every((text) => typeof text === 'string') &&
    Array.isArray(value?.faces)
  );
}

function packed({ box, confidence, encoding }: KeptFace): PackedFace {
  const bytes = Buffer.alloc(encoding.length * 4);
  encoding.forEach((number, index) => bytes.writeFloatLE(number, index * 4));
  return { box, confidence, encoding: bytes.toString('base64') };
}

function unpacked({ box, confidence, encoding }: PackedFace): KeptFace | undefined {
  const bytes = Buffer.from(String(encoding), 'base64');
  if (bytes.length !== encodingSize * 4) return undefined;
  const numbers = Float32Array.from({ length: encodingSize }, (_, index) => bytes.readFloatLE(index * 4));
  return { box, confidence, encoding: numbers };
}

function invalid(path: string, line: number): EncodingsFileError {
  return new EncodingsFileError(
    'ENCODINGS_FILE_INVALID',
    `Line ${line} of '${path}' is none of a file of kept encodings. Name another file, or delete this one.`,
  );
}

function fail(path: string, line: number): never {
  throw invalid(path, line);
}

async function onFile(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    if (cause instanceof EncodingsFileError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EncodingsFileError(
      'ENCODINGS_FILE_UNREADABLE',
      `The file of kept encodings '${path}' cannot be used: ${reason}.`,
      { cause },
    );
  }
}
