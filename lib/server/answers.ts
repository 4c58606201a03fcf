// What the server answers when something fails: one status for each code, a sentence, and nothing that is its own affair.

import { basename } from 'node:path';
import { FaceDedupError, ServerError } from '../errors.js';
import { redact } from '../redaction.js';
import type { ApiError } from './api.js';

const statuses: Readonly<Record<string, number>> = {
  REQUEST_INVALID: 400,
  OPTION_UNKNOWN: 400,
  OPTION_TYPE: 400,
  OPTION_RANGE: 400,
  ARGUMENT_INVALID: 400,
  WEBHOOK_REFUSED: 400,
  TOKEN_REQUIRED: 401,
  TOKEN_WRONG: 401,
  REQUEST_REFUSED: 403,
  PHOTO_OUTSIDE_ROOTS: 403,
  SETTING_FIXED: 403,
  ADDRESS_UNKNOWN: 404,
  JOB_MISSING: 404,
  FACE_STORE_MISSING: 404,
  PHOTO_NOT_FOUND: 404,
  NO_PHOTOS: 404,
  MODEL_VERSION_MISSING: 404,
  REQUEST_TIMEOUT: 408,
  PHOTO_CHANGED: 409,
  MODEL_VERSION_EXISTS: 409,
  MODEL_VERSION_INCOMPLETE: 409,
  SET_IN_USE: 409,
  RUN_NEEDS_CLUSTER: 409,
  CLUSTER_SET_BUSY: 409,
  UPLOAD_UNDER_WAY: 409,
  REQUEST_TOO_LARGE: 413,
  PHOTO_TOO_LARGE: 413,
  PHOTO_UNREADABLE: 422,
  PHOTO_EMPTY: 422,
  PHOTO_NOT_AN_IMAGE: 422,
  PHOTO_TRUNCATED: 422,
  PHOTO_CORRUPT: 422,
  BOX_OUTSIDE_PHOTO: 422,
  MODEL_REJECTED: 422,
  MODEL_FETCH_FAILED: 422,
  CONFIG_FILE_INVALID: 422,
  TOO_MANY_REQUESTS: 429,
  AZURE_UNREACHABLE: 502,
  AZURE_REFUSED: 502,
  AZURE_NOT_FOUND: 404,
  AZURE_CHANGED: 502,
  QUEUE_FULL: 503,
  SERVER_BUSY: 503,
  SERVER_CLOSING: 503,
  TEMP_FOLDER_UNWRITABLE: 503,
  FACE_STORE_BUSY: 503,
  STORE_KEY_CHANGING: 503,
  CLUSTER_UNREACHABLE: 503,
  CLUSTER_STORE_UNREACHABLE: 503,
  MODEL_MISSING: 503,
  MODEL_CORRUPT: 503,
  OUT_OF_MEMORY: 503,
};

/** Seconds after which what passes by itself may have passed. */
const waits: Readonly<Record<string, number>> = {
  FACE_STORE_BUSY: 5,
  OUT_OF_MEMORY: 10,
  CLUSTER_UNREACHABLE: 5,
  CLUSTER_STORE_UNREACHABLE: 5,
};

/** By Fastify's status where its own checks refuse a request. */
const codesOfStatuses: Readonly<Record<number, string>> = {
  404: 'ADDRESS_UNKNOWN',
  413: 'REQUEST_TOO_LARGE',
  429: 'TOO_MANY_REQUESTS',
  431: 'REQUEST_TOO_LARGE',
};

export interface Refusal {
  readonly status: number;
  readonly error: ApiError['error'];
  /** Seconds after which it is worth another try; undefined where it is not, as far as is known. */
  readonly retryAfter?: number | undefined;
  /** Whether it is a mistake of this library, which its log must show. */
  readonly isOurs: boolean;
}

export class ErrorAnswers {
  readonly #places: readonly string[];

  /** @param places files and folders whose whereabouts are nobody's business. */
  constructor(places: readonly string[]) {
    this.#places = [...new Set(places)]
      .filter((place) => place.length > 1)
      .sort((a, b) => b.length - a.length);
  }

  refusalOf(error: unknown): Refusal {
    if (error instanceof FaceDedupError && error.code !== 'INTERNAL')
      return {
        status: statuses[error.code] ?? 500,
        error: { code: error.code, message: this.#public(error.message) },
        retryAfter: error instanceof ServerError ? error.retryAfter : waits[error.code],
        isOurs: false,
      };
    const { statusCode, message } = error as { readonly statusCode?: unknown; readonly message?: unknown };
    // Fastify's own sentence repeats the address, however long it is.
    if (statusCode === 414)
      return {
        status: 414,
        error: { code: 'REQUEST_TOO_LARGE', message: 'The address is too long.' },
        isOurs: false,
      };
    if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500)
      return {
        status: statusCode,
        error: {
          code: codesOfStatuses[statusCode] ?? 'REQUEST_INVALID',
          message: `The request is wrong: ${this.#public(String(message)).replace(/\.$/, '')}.`,
        },
        isOurs: false,
      };
    return {
      status: 500,
      error: { code: 'INTERNAL', message: 'This is a fault of facededup. Its log, with --log, says more.' },
      isOurs: true,
    };
  }

  /** Where nobody waits for an answer: the end of a run. */
  describe = (error: unknown): ApiError['error'] => this.refusalOf(error).error;

  #public(message: string): string {
    return this.#places.reduce(
      (text, place) => text.replace(pathPattern(place), basename(place)),
      redact(message),
    );
  }
}

/** A path where it ends, and not as the beginning of a longer name: /data stands in /data/faces.db, not in /database. */
function pathPattern(path: string): RegExp {
  const literal = path.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  return new RegExp(`(?<![\\p{L}\\p{N}_.-])${literal}(?![\\p{L}\\p{N}_-]|\\.[\\p{L}\\p{N}])`, 'gu');
}
