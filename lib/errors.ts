// Every error a user can cause: its class, its stable code, and what to do about it.

import { onAbort } from './abort_listeners.js';

/** What an error may be given beside its code and sentence. */
export interface FaceDedupErrorOptions {
  /** The error beneath, when there is one. */
  readonly cause?: unknown;
}

/** The base of all errors of this library. `code` never changes between releases; the sentence may. */
export class FaceDedupError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options: FaceDedupErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
  }
}

/**
 * An argument or option is wrong.
 * Codes: `OPTION_UNKNOWN`, `OPTION_TYPE`, `OPTION_RANGE`, `ARGUMENT_INVALID`.
 */
export class InvalidOptionError extends FaceDedupError {}

/**
 * A photo cannot be read from where it lies.
 * Codes: `PHOTO_NOT_FOUND`, `PHOTO_UNREADABLE` (no permission, or not a regular file), `PHOTO_EMPTY`,
 * `PHOTO_CHANGED` (while it was read; of a server also: no longer the photo that was encoded), `PHOTO_OUTSIDE_ROOTS` (of a
 * server: below none of the folders that it may read).
 */
export class PhotoAccessError extends FaceDedupError {}

/**
 * The bytes of a photo are no usable image.
 * Codes: `PHOTO_NOT_AN_IMAGE`, `PHOTO_TRUNCATED`, `PHOTO_CORRUPT`.
 */
export class PhotoFormatError extends FaceDedupError {}

/** A photo has more pixels, or a file more bytes, than allowed. Code: `PHOTO_TOO_LARGE`. */
export class PhotoTooLargeError extends FaceDedupError {}

/** Raw pixels contradict their own description. Code: `RAW_IMAGE_INVALID`. */
export class RawImageError extends FaceDedupError {}

/** A given box lies wholly outside its photo. Code: `BOX_OUTSIDE_PHOTO`. */
export class BoxOutsidePhotoError extends FaceDedupError {}

/** A model file is in none of the places looked at. Code: `MODEL_MISSING`. */
export class ModelMissingError extends FaceDedupError {}

/** A model file is damaged, or not a model of the kind it stands for. Code: `MODEL_CORRUPT`. */
export class ModelCorruptError extends FaceDedupError {}

/** A model file could not be fetched from any of the sources. Code: `MODEL_FETCH_FAILED`. */
export class ModelFetchError extends FaceDedupError {}

/**
 * The store of model versions cannot do what was asked, and was left as it was.
 * Codes: `MODEL_STORE_UNUSABLE` (not to be read or written, or damaged), `MODEL_VERSION_EXISTS` (that name is taken by
 * other files), `MODEL_VERSION_MISSING` (no such version, or nothing to roll back to), `MODEL_VERSION_INCOMPLETE` (of a
 * server: its files are not all there).
 */
export class ModelStoreError extends FaceDedupError {}

/** A candidate was turned down; the set in use is as it was. Code: `MODEL_REJECTED`. */
export class ModelRejectedError extends FaceDedupError {}

/**
 * An Azure container cannot be used: missing, refused, or not to be reached.
 * Codes: `AZURE_UNREACHABLE`, `AZURE_REFUSED`, `AZURE_NOT_FOUND`, `AZURE_CHANGED` (a blob changed at every attempt).
 */
export class AzureError extends FaceDedupError {}

/** One way in which a network can be run. */
export interface DnnBackend {
  readonly backend: string;
  readonly target: string;
}

/** This build, on this machine, cannot run the backend and target asked for. Code: `BACKEND_UNAVAILABLE`. */
export class BackendUnavailableError extends FaceDedupError {
  /** What can be asked for instead. */
  readonly available: readonly DnnBackend[];

  constructor(message: string, available: readonly DnnBackend[], options: FaceDedupErrorOptions = {}) {
    super('BACKEND_UNAVAILABLE', message, options);
    this.available = available;
  }
}

/** The engine was closed before the call. Code: `ENGINE_CLOSED`. */
export class EngineClosedError extends FaceDedupError {}

/** The native addon is not there or does not load. Code: `NATIVE_ADDON_MISSING`. */
export class NativeAddonError extends FaceDedupError {}

/** The caller's AbortSignal fired; `cause` is the signal's reason. Code: `ABORTED`. */
export class AbortedError extends FaceDedupError {}

/**
 * Encodings that cannot be compared.
 * Codes: `ENCODINGS_INVALID` (other lengths, numbers that are not finite, ids given twice),
 * `ENCODINGS_INCOMPARABLE` (of different ResNets).
 */
export class InvalidEncodingsError extends FaceDedupError {}

/**
 * What the workers of a search by tiles exchange is not what it should be: damaged, cut short, or of another version.
 * Codes: `BLOCK_INVALID` (a block of faces), `AXES_INVALID` (the axes of a run), `LISTS_INVALID`
 * (its lists of faces).
 */
export class TileDataError extends FaceDedupError {}

/**
 * A file of encodings cannot be used.
 * Codes: `ENCODINGS_FILE_UNREADABLE` (read or written), `ENCODINGS_FILE_INVALID` (none of its
 * kind, or damaged: the sentence says where).
 */
export class EncodingsFileError extends FaceDedupError {}

/**
 * The file of a face store cannot be used.
 * Codes: `FACE_STORE_UNUSABLE` (not to be opened, read or written), `FACE_STORE_INVALID` (none of ours, damaged, or of a
 * newer release), `FACE_STORE_BUSY` (another process writes to it and does not end), `FACE_STORE_MISSING` (no such file,
 * set, run, photo or record).
 */
export class FaceStoreError extends FaceDedupError {}

/**
 * The key of a face store does not open it.
 * Codes: `STORE_KEY_CHANGING` (a change of a cluster's store's key is not ended), `STORE_KEY_MISSING` (the store is encrypted, and no key was given), `STORE_KEY_WRONG` (it was encrypted with
 * another), `STORE_KEY_INVALID` (what was given is no key), `STORE_NOT_ENCRYPTED` (a key was given for a store whose
 * encodings are plain).
 */
export class StoreKeyError extends FaceDedupError {}

/**
 * The configuration file cannot be used.
 * Codes: `CONFIG_FILE_UNREADABLE` (read or written), `CONFIG_FILE_INVALID` (no JSON, an unknown setting, out of range).
 */
export class ConfigFileError extends FaceDedupError {}

/**
 * A calibration cannot be made or used.
 * Codes: `CALIBRATION_UNREADABLE` (the file, read or written), `CALIBRATION_INVALID` (no calibration, or of a newer
 * release), `CALIBRATION_DATA` (pairs of which none can be made: too few, contradicting each other, labels swapped).
 */
export class CalibrationError extends FaceDedupError {}

/**
 * The server cannot be started as asked, or refuses a request.
 * Codes: `SERVER_UNSAFE` (others could connect without a token), `SERVER_ADDRESS` (taken, or none of this machine),
 * `REQUEST_INVALID`, `REQUEST_TOO_LARGE`, `REQUEST_REFUSED` (by its host or origin), `TOKEN_REQUIRED`, `TOKEN_WRONG`,
 * `TOO_MANY_REQUESTS`, `ADDRESS_UNKNOWN`, `JOB_MISSING`, `QUEUE_FULL`, `SET_IN_USE`, `RUN_NEEDS_CLUSTER`, `SETTING_FIXED`,
 * `WEBHOOK_REFUSED` (no address that may be told), `UPLOAD_UNDER_WAY`, `TEMP_FOLDER_UNWRITABLE`, `REQUEST_TIMEOUT` (its
 * body did not come in time), `SERVER_BUSY` (too many connections, or too much in memory for others), `SERVER_CLOSING`.
 */
export class ServerError extends FaceDedupError {
  /** Seconds after which the same request may be answered; undefined where waiting alone changes nothing. */
  readonly retryAfter: number | undefined;

  constructor(
    code: string,
    message: string,
    options: FaceDedupErrorOptions & { readonly retryAfter?: number | undefined } = {},
  ) {
    super(code, message, options);
    this.retryAfter = options.retryAfter;
  }
}

/**
 * A cluster cannot be used as asked: its engines, or a run on it.
 * Codes: `CLUSTER_PACKAGE_MISSING` (bullmq, ioredis or pg is not installed), `CLUSTER_UNREACHABLE` (Redis),
 * `CLUSTER_REFUSED` (Redis takes no such user or password), `CLUSTER_STORE_UNREACHABLE` (PostgreSQL),
 * `CLUSTER_STORE_REFUSED` (its user, password or rights), `CLUSTER_STORE_NEWER` (tables of a newer release),
 * `CLUSTER_STORE_INVALID` (what it holds is not what was kept there), `CLUSTER_MODELS_DIFFER` (a worker would encode
 * otherwise than the run began), `CLUSTER_PLACE_MISSING` (a worker does not have the folder of photos), `CLUSTER_SET_BUSY` (another run on the set is not over), `CLUSTER_RUN_MISSING`,
 * `CLUSTER_RUN_CANCELLED`, `CLUSTER_RUN_FAILED` (jobs of it failed at every attempt), `CLUSTER_RUN_OVER` (nothing of it
 * is left to cancel or to try again), `CLUSTER_JOB_CRASHES` (whoever took a job up did not live to end it).
 */
export class ClusterError extends FaceDedupError {}

/**
 * What a program does cannot be told of as asked. Code: `TELEMETRY_PACKAGE_MISSING` (@opentelemetry/sdk-node is not
 * installed).
 */
export class TelemetryError extends FaceDedupError {}

/** A report cannot be written where it was asked for. Code: `REPORT_UNWRITABLE`. */
export class ReportError extends FaceDedupError {}

/** No photo is where a run was told to look. Code: `NO_PHOTOS`. */
export class NoPhotosError extends FaceDedupError {}

/** A photo that is to be compared shows no face. Code: `NO_FACE`. */
export class NoFaceError extends FaceDedupError {}

/**
 * What a run makes cannot be written.
 * Codes: `OUTPUT_EXISTS` (something is there, and was left as it is), `OUTPUT_UNWRITABLE`.
 */
export class OutputError extends FaceDedupError {}

/** The machine has not enough memory for the photo or model. Code: `OUT_OF_MEMORY`. */
export class OutOfMemoryError extends FaceDedupError {}

/** A mistake of this library: please report it. Code: `INTERNAL`. */
export class InternalError extends FaceDedupError {}

function aborted(signal: AbortSignal): AbortedError {
  return new AbortedError('ABORTED', 'The call was aborted by its signal.', { cause: signal.reason });
}

/** Throws AbortedError once the signal has fired. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw aborted(signal);
}

/** The promise's own outcome, or AbortedError as soon as the signal fires. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    if (signal.aborted) reject(aborted(signal));
    const endListening = onAbort(signal, () => reject(aborted(signal)));
    promise.then(resolve, reject).finally(endListening);
  });
}

/** The sentence of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
