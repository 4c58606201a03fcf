// Files of a model that come over HTTP: streamed into a folder of their own, bounded, and gone when the check is over.

import { createWriteStream } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import multipart from '@fastify/multipart';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ServerError } from '../errors.js';
import { officialManifest } from '../models/index.js';
import { makeTempFolder } from './temp_folder.js';

export interface Upload {
  /** Holds the files under the manifest's names. */
  readonly folder: string;
  readonly version: string | undefined;
  readonly photo: Uint8Array | undefined;
  readonly faces: number | undefined;
}

interface FileField {
  readonly name: string;
  readonly maxBytes: number;
}

/** A prototxt is a text that people write. */
const prototxtLimit = 1024 * 1024;
const photoLimit = 32 * 1024 * 1024;
const photoName = 'check-photo';

export class ModelUploads {
  static readonly folderPrefix = 'facededup-upload-';
  readonly #files: Readonly<Record<string, FileField>>;
  #isUnderWay = false;

  /** @param weightsLimit bytes. */
  constructor(weightsLimit: number) {
    const nameOf = (key: string) => officialManifest().files.find((file) => file.key === key)?.name ?? key;
    this.#files = {
      prototxt: { name: nameOf('ssd-prototxt'), maxBytes: prototxtLimit },
      caffemodel: { name: nameOf('ssd-weights'), maxBytes: weightsLimit },
      photo: { name: photoName, maxBytes: photoLimit },
    };
  }

  register(app: FastifyInstance): void {
    const fileSize = Math.max(...Object.values(this.#files).map(({ maxBytes }) => maxBytes)) + 1;
    void app.register(multipart, {
      limits: { fileSize, files: 3, fields: 4, parts: 7, fieldSize: 256, fieldNameSize: 32, headerPairs: 20 },
    });
  }

  /**
   * Lets `use` work on what comes.
   *
   * @throws ServerError `UPLOAD_UNDER_WAY`, `TEMP_FOLDER_UNWRITABLE`, `REQUEST_INVALID`, `REQUEST_TOO_LARGE`, and what `use`
   *   throws.
   */
  async receive<Answer>(request: FastifyRequest, use: (upload: Upload) => Promise<Answer>): Promise<Answer> {
    if (this.#isUnderWay)
      throw new ServerError(
        'UPLOAD_UNDER_WAY',
        'Another model is being uploaded. Try again when it is done.',
      );
    this.#isUnderWay = true;
    let folder: string | undefined;
    try {
      folder = await makeTempFolder(ModelUploads.folderPrefix);
      const upload = await this.#fill(folder, request).catch((error: unknown) => {
        throw isMultipartError(error) ? invalid('The upload is cut off, or no multipart/form-data') : error;
      });
      return await use(upload);
    } finally {
      this.#isUnderWay = false;
      if (folder !== undefined) await rm(folder, { recursive: true, force: true });
    }
  }

  async #fill(folder: string, request: FastifyRequest): Promise<Upload> {
    if (!request.isMultipart()) throw invalid('The upload must be multipart/form-data');
    const came = new Set<string>();
    const fields = new Map<string, string>();
    for await (const part of request.parts()) {
      const { fieldname } = part;
      if (came.has(fieldname)) throw invalid(`'${fieldname}' is given twice`);
      came.add(fieldname);
      if (part.type === 'field') {
        if (fieldname !== 'version' && fieldname !== 'faces')
          throw invalid(`There is no field '${fieldname}'`);
        if (typeof part.value !== 'string') throw invalid(`The field '${fieldname}' is no text`);
        fields.set(fieldname, part.value);
        continue;
      }
      // What the client calls the file is not looked at: it may be any path.
      const file = Object.hasOwn(this.#files, fieldname) ? this.#files[fieldname] : undefined;
      if (!file) throw invalid(`There is no file '${fieldname}' in a model`);
      await pipeline(
        part.file,
        bounded(fieldname, file.maxBytes),
        createWriteStream(join(folder, file.name), { flags: 'wx', mode: 0o600 }),
      );
    }
    for (const wanted of ['prototxt', 'caffemodel'])
      if (!came.has(wanted)) throw invalid(`The file '${wanted}' is missing`);
    return {
      folder,
      version: fields.get('version'),
      faces: facesOf(fields.get('faces')),
      photo: came.has('photo') ? await readFile(join(folder, photoName)) : undefined,
    };
  }
}

/** Of the parser, which gives its errors no code; those of the disk have one. */
function isMultipartError(error: unknown): boolean {
  return error instanceof Error && (!('code' in error) || error.code === 'ERR_STREAM_PREMATURE_CLOSE');
}

function facesOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,4}$/.test(text)) throw invalid(`The number of faces is a whole number, not '${text}'`);
  return Number(text);
}

function bounded(name: string, maxBytes: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      bytes += chunk.length;
      if (bytes <= maxBytes) done(null, chunk);
      else done(new ServerError('REQUEST_TOO_LARGE', `The file '${name}' has more than ${maxBytes} bytes.`));
    },
  });
}

function invalid(sentence: string): ServerError {
  return new ServerError('REQUEST_INVALID', `${sentence}.`);
}
