// FaceEngine: loaded models, lanes of work, and the verbs on one photo or many.

import { availableParallelism } from 'node:os';
import pLimit from 'p-limit';
import {
  type Alignment,
  type ChipFormat,
  defaultConfidence,
  defaultRefinement,
  type Detector,
  detectOptionTable,
  encodeOptionTable,
  engineOptionTable,
  extractOptionTable,
  type LandmarkModelName,
  landmarksOptionTable,
  type MeanValues,
} from './config.js';
import {
  type Box,
  checkBoxes,
  type ExtractedFace,
  type FaceDetection,
  type FaceEncoding,
  type FaceLandmarks,
} from './detections.js';
import {
  BackendUnavailableError,
  type DnnBackend,
  FaceDedupError,
  InvalidOptionError,
  throwIfAborted,
  untilAborted,
} from './errors.js';
import { type LoadedModel, type ModelKey, ModelStore, type ModelsOption } from './models/index.js';
import {
  callNative,
  engineClosed,
  loadAddon,
  type NativeDetection,
  type NativeDetectOptions,
  type NativeFaceOptions,
  type NativePipeline,
  typedError,
} from './native.js';
import { isArray, type OptionValues, readOptions } from './options.js';
import { describePhoto, type ImageInput, type NativeImage, readPhoto } from './photos/photo.js';

export interface DetectOptions {
  /**
   * `ssd`: OpenCV's res10 network. `hog`: dlib's frontal face detector, which needs no model file. `mmod`: dlib's
   * convolutional detector, by far the slowest without a GPU. Default `ssd`.
   */
  readonly detector?: Detector | undefined;
  /** How often `hog` and `mmod` double the photo first, 0 to 4: they find faces from 80 / 2ⁿ pixels. Default 1. */
  readonly upsample?: number | undefined;
  /**
   * `mmod`: a photo with a longer side is shrunk to this many pixels for the detector, before any doubling; boxes are
   * given in the photo's own pixels. 40 to 16,384, default 2048.
   */
  readonly maxSide?: number | undefined;
  /** `mmod` in detectAll: how many photos of one size run through the network together. 1 to 64, default 1. */
  readonly batchSize?: number | undefined;
  /** The least confidence of a detection, 0 to 1. Default 0.5 for `ssd` (or FACE_DETECTION_CONFIDENCE), 0 for `hog` and `mmod`. */
  readonly confidence?: number | undefined;
  /** Intersection over union above which the weaker of two SSD boxes goes, 0 to 1. Default 0.4, or NMS_THRESHOLD. */
  readonly nmsThreshold?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface LandmarksOptions {
  /** `small` (5 points) or `large` (68 points, model not for commercial use). Default `small`, or FACE_ENCODINGS_MODEL. */
  readonly landmarks?: LandmarkModelName | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Which faces of a photo, and how their landmarks are found. */
export interface FaceOptions extends DetectOptions, LandmarksOptions {
  /** Take the faces in these boxes instead of detecting; pixels of the upright photo. */
  readonly boxes?: readonly Box[] | undefined;
  /**
   * `box`: the landmarks found in the box. `refined`: these give a box like HOG's, on which the landmark models were
   * trained, and the landmarks are found again in that. Default `refined` for the boxes of `ssd`, `box` for all others.
   */
  readonly align?: Alignment | undefined;
}

export interface EncodeOptions extends FaceOptions {
  /**
   * 1 encodes the face as it is; n > 1 the mean of n jittered copies, the same n each time. 1 to 1000, default 1, or
   * FACE_ENCODINGS_NUM_JITTERS.
   */
  readonly jitters?: number | undefined;
  /**
   * Whether the mirrored face is averaged in, which brings photos of one person closer and takes twice the time.
   * Default true for the faces that `ssd` finds, false for all others, whose encodings are dlib's own.
   */
  readonly mirror?: boolean | undefined;
}

export interface ExtractOptions<Format extends ChipFormat = ChipFormat> extends FaceOptions {
  /** Side of the square chip in pixels, 16 to 2048. Default 150. */
  readonly size?: number | undefined;
  /** Margin on each side as a part of the face, 0 to 4. Default 0.25. */
  readonly padding?: number | undefined;
  /** `png` bytes or `raw` RGB pixels. Default `png`. */
  readonly format?: Format | undefined;
}

export interface EngineOptions extends Omit<EncodeOptions, 'boxes' | 'signal'> {
  /** Of cv::dnn: `opencv`, `cuda`, `openvino`, `vulkan`… as availableBackends() lists them. Default `opencv`, or DNN_BACKEND. */
  readonly backend?: string | undefined;
  /** `cpu`, `opencl`, `opencl-fp16`, `cuda`, `cuda-fp16`… Default `cpu`, or DNN_TARGET. */
  readonly target?: string | undefined;
  /** Multiplies each pixel after the means are taken off. Above 0; default 1, or BLOB_FROM_IMAGE_SCALE_FACTOR. */
  readonly scaleFactor?: number | undefined;
  /** Taken off each pixel; blue, green, red, −255 to 255. Default [104, 177, 123], or BLOB_FROM_IMAGE_MEAN_VALUES. */
  readonly meanValues?: MeanValues | undefined;
  /** The class label of the SSD that counts as a face, 0 and up. Default any: res10 knows only one. */
  readonly faceClass?: number | undefined;
  /** Where the model files lie and where missing ones are fetched from. */
  readonly models?: ModelsOption | undefined;
  /** Photos worked on at once, each by networks of its own. 1 to 256; default the number of processor cores. */
  readonly lanes?: number | undefined;
  /** The most pixels a photo may have. Default 100 million. */
  readonly maxPixels?: number | undefined;
}

export interface ModelInfo {
  readonly name: string;
  readonly path: string;
  readonly sha256: string;
  /** `unverified`: the digest is not in the manifest. */
  readonly state: 'verified' | 'unverified';
}

export interface EngineInfo {
  readonly backend: string;
  readonly target: string;
  readonly lanes: number;
  readonly versions: { readonly opencv: string; readonly dlib: string };
  /** The model files loaded so far. */
  readonly models: readonly ModelInfo[];
}

/** One photo of many: its faces, or why there are none. */
export type PhotoResult<Face, Photo extends ImageInput = ImageInput> =
  | { readonly photo: Photo; readonly faces: readonly Face[]; readonly error?: undefined }
  | { readonly photo: Photo; readonly error: FaceDedupError; readonly faces?: undefined };

export type PhotoSequence<Photo extends ImageInput> = Iterable<Photo> | AsyncIterable<Photo>;

/**
 * The backends and targets that this build of OpenCV runs on this machine.
 *
 * @throws NativeAddonError
 */
export function availableBackends(): DnnBackend[] {
  return loadAddon().availableBackends();
}

/** OpenCV would run anything else on the CPU with no more than a log line. */
function requireBackend({ backend, target }: DnnBackend): void {
  const available = availableBackends();
  if (available.some((each) => each.backend === backend && each.target === target)) return;
  const list = available.map((each) => `${each.backend}/${each.target}`).join(', ');
  throw new BackendUnavailableError(
    `The backend '${backend}' with the target '${target}' cannot run here. Choose one of: ${list}.`,
    available,
  );
}

/** Loaded models and lanes of work. Costs memory until `close()`; make one and keep it. */
export class FaceEngine {
  readonly #options: OptionValues<typeof engineOptionTable>;
  readonly #pipeline: NativePipeline;
  readonly #store: ModelStore;
  readonly #lanes: number;
  readonly #queue: pLimit.Limit;
  readonly #loading = new Map<string, Promise<void>>();
  readonly #models = new Map<ModelKey, ModelInfo>();
  readonly #underWay = new Set<Promise<unknown>>();
  #closed = false;

  private constructor(options: EngineOptions | undefined) {
    this.#options = readOptions(engineOptionTable, options);
    requireBackend(this.#options);
    this.#store = new ModelStore({ models: options?.models });
    this.#lanes = this.#options.lanes ?? availableParallelism();
    this.#queue = pLimit(this.#lanes);
    this.#pipeline = new (loadAddon().Pipeline)(this.#lanes, this.#options.maxPixels);
  }

  /**
   * Makes an engine and loads the models its options name, so that a missing or damaged one shows at once.
   *
   * @throws InvalidOptionError, ModelMissingError, ModelCorruptError, ModelFetchError, BackendUnavailableError, NativeAddonError
   */
  static async create(options?: EngineOptions): Promise<FaceEngine> {
    const engine = FaceEngine.createLazily(options);
    try {
      const { detector, landmarks } = engine.#options;
      await Promise.all([
        engine.#loadDetector(detector),
        engine.#loadLandmarks(landmarks),
        engine.#loadEncoder(),
      ]);
      return engine;
    } catch (error) {
      await engine.close();
      throw error;
    }
  }

  /** As create, but each model is loaded when a call first needs it. */
  static createLazily(options?: EngineOptions): FaceEngine {
    return new FaceEngine(options);
  }

  /**
   * Finds the faces of a photo.
   *
   * @returns detections, most confident first; none is an empty array.
   * @throws InvalidOptionError, PhotoAccessError, PhotoFormatError, PhotoTooLargeError, RawImageError, model errors,
   *   EngineClosedError, AbortedError
   */
  async detect(image: ImageInput, options?: DetectOptions): Promise<FaceDetection[]> {
    const { signal, ...asked } = readOptions(detectOptionTable, options, this.#options);
    const request = nativeDetectOptions(asked);
    return this.#run(signal, async () => {
      const photo = await readPhoto(image);
      await this.#loadDetector(request.detector);
      const found = await this.#callOn(image, () => this.#pipeline.detect(photo, request));
      return withDetector(found, request.detector);
    });
  }

  /**
   * Finds the landmarks of the faces in the given boxes.
   *
   * @returns one set of points for each box, in order.
   * @throws as detect, and BoxOutsidePhotoError
   */
  async landmarks(
    image: ImageInput,
    boxes: readonly Box[],
    options?: LandmarksOptions,
  ): Promise<FaceLandmarks[]> {
    const { signal, landmarks: model } = readOptions(landmarksOptionTable, options, this.#options);
    const checked = checkBoxes(boxes);
    return this.#run(signal, async () => {
      const photo = await readPhoto(image);
      await this.#loadLandmarks(model);
      const faces = await this.#callOn(image, () => this.#pipeline.locateLandmarks(photo, checked, model));
      return faces.map((points) => ({ model, points }));
    });
  }

  /**
   * Detects the faces of a photo, or takes the boxes given, and encodes each.
   *
   * @returns a face for each detection or box, in that order.
   * @throws as detect, and BoxOutsidePhotoError
   */
  async encode(image: ImageInput, options?: EncodeOptions): Promise<FaceEncoding[]> {
    const { signal, ...asked } = readOptions(encodeOptionTable, options, this.#options);
    const { landmarks: model, jitters, boxes, detector } = asked;
    const mirror = asked.mirror ?? defaultRefinement(detector, boxes !== undefined).mirror;
    const request = { ...nativeFaceOptions(asked), jitters, mirror };
    return this.#run(signal, async () => {
      const photo = await readPhoto(image);
      await Promise.all([this.#loadForFaces(request), this.#loadEncoder()]);
      const faces = await this.#callOn(image, () => this.#pipeline.encode(photo, request));
      return faces.map(({ box, confidence, landmarks, encoding }) => ({
        box,
        confidence,
        detector: request.detector,
        landmarks: { model, points: landmarks },
        encoding,
      }));
    });
  }

  /**
   * Cuts the faces of a photo out, turned upright: the chips that encode works on, or larger ones.
   *
   * @returns a face for each detection or box, in that order.
   * @throws as encode
   */
  async extract<Format extends ChipFormat = 'png'>(
    image: ImageInput,
    options?: ExtractOptions<Format>,
  ): Promise<ExtractedFace<Format>[]> {
    const { signal, ...asked } = readOptions(extractOptionTable, options, this.#options);
    const { landmarks: model, size, padding, format } = asked;
    const request = { ...nativeFaceOptions(asked), size, padding, format };
    return this.#run(signal, async () => {
      const photo = await readPhoto(image);
      await this.#loadForFaces(request);
      const faces = await this.#callOn(image, () => this.#pipeline.extract(photo, request));
      const chipOf = (data: Uint8Array) =>
        format === 'png' ? data : { data, width: size, height: size, channels: 3, order: 'rgb' };
      return faces.map(({ box, confidence, landmarks, chip }) => ({
        box,
        confidence,
        detector: request.detector,
        landmarks: { model, points: landmarks },
        chip: chipOf(chip) as ExtractedFace<Format>['chip'],
      }));
    });
  }

  /**
   * Detects the faces of many photos, as many at once as the engine has lanes; a photo that fails does not stop the rest.
   *
   * @param photos read at most two photos (or batches) a lane ahead of the answers taken.
   * @returns a result for each photo, in order.
   * @throws InvalidOptionError, AbortedError, and model errors, which would fail every photo alike
   */
  async *detectAll<Photo extends ImageInput>(
    photos: PhotoSequence<Photo>,
    options?: DetectOptions,
  ): AsyncGenerator<PhotoResult<FaceDetection, Photo>, void, undefined> {
    const { detector, batchSize } = readOptions(detectOptionTable, options, this.#options);
    if (detector === 'mmod' && batchSize > 1) {
      yield* this.#all(photos, options?.signal, batchSize, (batch) => this.#detectBatch(batch, options));
    } else {
      yield* this.#each(photos, options?.signal, (photo) => this.detect(photo, options));
    }
  }

  /** As detectAll, with the faces encoded. */
  async *encodeAll<Photo extends ImageInput>(
    photos: PhotoSequence<Photo>,
    options?: EncodeOptions,
  ): AsyncGenerator<PhotoResult<FaceEncoding, Photo>, void, undefined> {
    readOptions(encodeOptionTable, options, this.#options);
    yield* this.#each(photos, options?.signal, (photo) => this.encode(photo, options));
  }

  async #detectBatch<Photo extends ImageInput>(
    batch: readonly Photo[],
    options: DetectOptions | undefined,
  ): Promise<PhotoResult<FaceDetection, Photo>[]> {
    const { signal, ...asked } = readOptions(detectOptionTable, options, this.#options);
    const request = nativeDetectOptions(asked);
    return this.#run(signal, async () => {
      await this.#loadDetector(request.detector);
      const results = await Promise.all(batch.map((photo) => resultOf(photo, readPhoto(photo))));
      const read = results.flatMap(({ faces: image }) => image ?? []);
      const answers = await callNative('A batch of photos', () => this.#pipeline.detectBatch(read, request));
      return results.map(({ photo, error }) => {
        if (error) return { photo, error };
        const found = answers.shift() ?? [];
        if (found instanceof Error) return { photo, error: typedError(describePhoto(photo), found) };
        return { photo, faces: withDetector(found, request.detector) };
      });
    });
  }

  #each<Face, Photo extends ImageInput>(
    photos: PhotoSequence<Photo>,
    signal: AbortSignal | undefined,
    verb: (photo: Photo) => Promise<Face[]>,
  ): AsyncGenerator<PhotoResult<Face, Photo>, void, undefined> {
    return this.#all(photos, signal, 1, (batch) =>
      Promise.all(batch.map((photo) => resultOf(photo, verb(photo)))),
    );
  }

  /** Starts work on batch after batch and yields the results in the photos' order. */
  async *#all<Face, Photo extends ImageInput>(
    photos: PhotoSequence<Photo>,
    signal: AbortSignal | undefined,
    batchSize: number,
    work: (batch: readonly Photo[]) => Promise<PhotoResult<Face, Photo>[]>,
  ): AsyncGenerator<PhotoResult<Face, Photo>, void, undefined> {
    const source = iterate(photos);
    const started: Promise<PhotoResult<Face, Photo>[]>[] = [];
    const start = (batch: readonly Photo[]) => {
      const results = work(batch);
      // Awaited in its turn; until then a failure must not count as unhandled.
      results.catch(() => undefined);
      started.push(results);
    };
    let batch: Photo[] = [];
    let reading: Promise<IteratorResult<Photo, unknown>> | undefined;
    let ended = false;
    try {
      while (!ended || started.length > 0) {
        // Twice the lanes: each has its next photo waiting, and memory stays bounded.
        const full = started.length >= 2 * this.#lanes;
        if (!ended && !full) reading ??= source.next();
        // Whichever comes first: a source that waits does not keep finished answers back.
        const events: Promise<Finished<Face, Photo> | Read<Photo>>[] = [];
        if (started[0]) events.push(started[0].then((results) => ({ results })));
        if (reading && !full) events.push(reading.then((item) => ({ item })));
        const event = await untilAborted(Promise.race(events), signal);
        if ('results' in event) {
          void started.shift();
          yield* event.results;
          continue;
        }
        reading = undefined;
        ended = event.item.done === true;
        if (!event.item.done) batch.push(event.item.value);
        if (batch.length === batchSize || (ended && batch.length > 0)) {
          start(batch);
          batch = [];
        }
      }
    } finally {
      // A source that is waiting may never answer, so it is told and not waited for.
      if (!ended) void source.return?.().catch(() => undefined);
      reading?.catch(() => undefined);
      // Whoever stops early has the lanes free again when the loop ends; an abort ends it at once.
      if (!signal?.aborted) await Promise.allSettled(started);
    }
  }

  /** What is in use: backend, target, versions, and the model files loaded so far with their digests. */
  info(): EngineInfo {
    const { backend, target } = this.#options;
    const { versions } = loadAddon();
    return { backend, target, lanes: this.#lanes, versions, models: [...this.#models.values()] };
  }

  /** Refuses further calls, lets those under way end, then frees the models. May be called again. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#underWay);
    this.#pipeline.close();
  }

  /** Waits for a lane, so that no more photos are in memory than lanes. */
  async #run<Answer>(signal: AbortSignal | undefined, work: () => Promise<Answer>): Promise<Answer> {
    if (this.#closed) throw engineClosed();
    throwIfAborted(signal);
    const answer = this.#queue(async () => {
      throwIfAborted(signal);
      return work();
    });
    this.#underWay.add(answer);
    const done = () => this.#underWay.delete(answer);
    answer.then(done, done);
    // The lane stays taken until its work ends; the caller need not wait for that.
    return untilAborted(answer, signal);
  }

  #callOn<Answer>(image: ImageInput, call: () => Promise<Answer>): Promise<Answer> {
    return callNative(describePhoto(image), call);
  }

  async #loadForFaces({ boxes, detector, landmarks }: NativeFaceOptions): Promise<void> {
    await Promise.all([boxes ? undefined : this.#loadDetector(detector), this.#loadLandmarks(landmarks)]);
  }

  async #loadDetector(detector: Detector): Promise<void> {
    if (detector === 'ssd') await this.#loadSsd();
    if (detector === 'mmod') await this.#loadMmod();
  }

  #loadMmod(): Promise<void> {
    return this.#loadFile('mmod', (bytes) => this.#pipeline.loadMmod(bytes));
  }

  #loadSsd(): Promise<void> {
    return this.#loadOnce('ssd', async () => {
      const prototxt = await this.#store.read('ssd-prototxt');
      const weights = await this.#store.read('ssd-weights');
      const { scaleFactor, meanValues, faceClass, backend, target } = this.#options;
      const options = { scaleFactor, meanValues, faceClass, backend, target };
      await callNative(`The model ${prototxt.path} with ${weights.path}`, () =>
        this.#pipeline.loadSsd(prototxt.bytes, weights.bytes, options),
      );
      this.#remember(prototxt, weights);
    });
  }

  #loadLandmarks(name: LandmarkModelName): Promise<void> {
    return this.#loadFile(`landmarks-${name}`, (bytes) => this.#pipeline.loadLandmarks(name, bytes));
  }

  #loadEncoder(): Promise<void> {
    return this.#loadFile('encoder', (bytes) => this.#pipeline.loadEncoder(bytes));
  }

  #loadFile(key: ModelKey, load: (bytes: Uint8Array) => Promise<void>): Promise<void> {
    return this.#loadOnce(key, async () => {
      const model = await this.#store.read(key);
      await callNative(`The model ${model.path}`, () => load(model.bytes));
      this.#remember(model);
    });
  }

  /** A model that failed to load is tried again by the next call: it may have been fetched meanwhile. */
  #loadOnce(name: string, load: () => Promise<void>): Promise<void> {
    const known = this.#loading.get(name);
    if (known) return known;
    const loading = load();
    this.#loading.set(name, loading);
    loading.catch(() => this.#loading.delete(name));
    return loading;
  }

  #remember(...models: readonly LoadedModel[]): void {
    for (const { key, name, path, sha256, state } of models)
      this.#models.set(key, { name, path, sha256, state });
  }
}

/**
 * Draws detections on a photo: a frame around each and its confidence above it.
 *
 * @returns the upright photo as PNG bytes.
 * @throws as FaceEngine.detect, without the model errors
 */
export async function drawDetections(
  image: ImageInput,
  detections: readonly Pick<FaceDetection, 'box' | 'confidence'>[],
): Promise<Uint8Array> {
  const given: unknown = detections;
  if (!isArray(given))
    throw new InvalidOptionError(
      'ARGUMENT_INVALID',
      'The detections must be an array of { box, confidence }.',
    );
  const boxes = checkBoxes(given.map((detection) => (detection as FaceDetection | null)?.box));
  const drawn = boxes.map((box, index) => ({ box, confidence: checkConfidence(given[index], index) }));
  const photo: NativeImage = await readPhoto(image);
  return callNative(describePhoto(image), () =>
    loadAddon().drawDetections(photo, drawn, engineOptionTable.maxPixels.fallback),
  );
}

interface Finished<Face, Photo extends ImageInput> {
  readonly results: PhotoResult<Face, Photo>[];
}

interface Read<Photo> {
  readonly item: IteratorResult<Photo, unknown>;
}

/** @throws InvalidOptionError `ARGUMENT_INVALID` when the photos cannot be gone through, or are one photo. */
function iterate<Photo extends ImageInput>(photos: PhotoSequence<Photo>): AsyncIterator<Photo> {
  const given: unknown = photos;
  const isSequence =
    typeof given === 'object' &&
    given !== null &&
    !ArrayBuffer.isView(given) &&
    (Symbol.iterator in given || Symbol.asyncIterator in given);
  if (!isSequence)
    throw new InvalidOptionError(
      'ARGUMENT_INVALID',
      'The photos must be an iterable or async iterable of photos.',
    );
  return (async function* () {
    yield* photos;
  })();
}

type DetectValues = Omit<OptionValues<typeof detectOptionTable>, 'signal'>;
type FaceValues = Omit<OptionValues<typeof extractOptionTable>, 'signal' | 'size' | 'padding' | 'format'>;

function checkConfidence(detection: unknown, index: number): number {
  const { confidence } = detection as { readonly confidence?: unknown };
  if (typeof confidence === 'number' && Number.isFinite(confidence)) return confidence;
  throw new InvalidOptionError(
    'ARGUMENT_INVALID',
    `detections[${index}].confidence must be a finite number.`,
  );
}

function nativeDetectOptions(asked: DetectValues): NativeDetectOptions {
  const { detector, upsample, maxSide, batchSize, nmsThreshold } = asked;
  const confidence = asked.confidence ?? defaultConfidence(detector);
  return { detector, upsample, maxSide, batchSize, nmsThreshold, confidence };
}

function nativeFaceOptions(asked: FaceValues): NativeFaceOptions {
  const boxes = asked.boxes === undefined ? undefined : checkBoxes(asked.boxes);
  const align = asked.align ?? defaultRefinement(asked.detector, boxes !== undefined).align;
  return { ...nativeDetectOptions(asked), landmarks: asked.landmarks, boxes, align };
}

function withDetector(found: readonly NativeDetection[], detector: Detector): FaceDetection[] {
  return found.map((detection) => ({ ...detection, detector }));
}

const faultsOfPhotos: ReadonlySet<string> = new Set([
  'PHOTO_NOT_FOUND',
  'PHOTO_UNREADABLE',
  'PHOTO_EMPTY',
  'PHOTO_NOT_AN_IMAGE',
  'PHOTO_TRUNCATED',
  'PHOTO_CORRUPT',
  'PHOTO_TOO_LARGE',
  'RAW_IMAGE_INVALID',
  'BOX_OUTSIDE_PHOTO',
  'ARGUMENT_INVALID',
  'OUT_OF_MEMORY',
  'INTERNAL',
]);

async function resultOf<Answer, Photo extends ImageInput>(
  photo: Photo,
  answer: Promise<Answer>,
): Promise<
  | { photo: Photo; faces: Answer; error?: undefined }
  | { photo: Photo; error: FaceDedupError; faces?: undefined }
> {
  try {
    return { photo, faces: await answer };
  } catch (error) {
    if (isFaultOfPhoto(error)) return { photo, error };
    throw error;
  }
}

function isFaultOfPhoto(error: unknown): error is FaceDedupError {
  return error instanceof FaceDedupError && faultsOfPhotos.has(error.code);
}
