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
  type EncoderName,
  engineOptionTable,
  extractOptionTable,
  type LandmarkModelName,
  landmarksOptionTable,
  MAX_PHOTO_BYTES,
  type MeanValues,
  sequenceOptionTable,
  thumbnailOptionTable,
} from './config.js';
import { runInBatches } from './batches.js';
import {
  type Box,
  checkBoxes,
  type ExtractedFace,
  type FaceDetection,
  type FaceEncoding,
  type FaceLandmarks,
  type Thumbnail,
} from './detections.js';
import {
  BackendUnavailableError,
  type DnnBackend,
  FaceDedupError,
  InvalidOptionError,
  throwIfAborted,
  untilAborted,
} from './errors.js';
import type { EncodingOrigin } from './encodings/origin.js';
import { detectorSets, landmarkSet, LoadedModels, type ModelInfo } from './loaded_models.js';
import { ModelStore, type ModelSetName, type ModelsOption } from './models/index.js';
import { watchLedger } from './models/watch.js';
import {
  callNative,
  engineClosed,
  loadAddon,
  type NativeCancellation,
  type NativeDetection,
  type NativeDetectOptions,
  type NativeEncodeOptions,
  type NativeFace,
  type NativeFaceOptions,
  typedError,
  withCancellation,
} from './native.js';
import { isArray, type OptionValues, readOptions } from './options.js';
import { ByteBudget } from './photos/byte_budget.js';
import {
  bytesRead,
  bytesToRead,
  describePhoto,
  type ImageInput,
  liesElsewhere,
  type NativeImage,
  readPhoto,
} from './photos/photo.js';
import {
  countWhile,
  inThisTrace,
  type Operation,
  traced,
  tracedBatch,
  tracedCall,
  tracedWait,
} from './telemetry/index.js';

/** How faces are found. */
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
  /**
   * `ssd`: decode a JPEG at 1/2, 1/4 or 1/8 of its size where detector and encoder need no more pixels; large photos
   * take a part of the time, and boxes and landmarks move by a few of their pixels. Default false.
   */
  readonly shrinkOnLoad?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Which landmarks are found. */
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

/** Which faces of a photo, and how they are encoded. */
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

/** Which faces of a photo, and how they are cut out. */
export interface ExtractOptions<Format extends ChipFormat = ChipFormat> extends FaceOptions {
  /** Side of the square chip in pixels, 16 to 2048. Default 150. */
  readonly size?: number | undefined;
  /** Margin on each side as a part of the face, 0 to 4. Default 0.25. */
  readonly padding?: number | undefined;
  /** `png` or `jpeg` bytes, or `raw` RGB pixels. Default `png`. */
  readonly format?: Format | undefined;
}

/** How an engine works, and the defaults of the options of its calls. */
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
  /**
   * What runs the ResNet. `dnn`: cv::dnn, on `backend` and `target`. `dlib`: dlib's own forward on the CPU, slower and the
   * reference; their encodings differ by less than 1e-5. Default `dnn`.
   */
  readonly encoder?: EncoderName | undefined;
  /** Where the model files lie and where missing ones are fetched from. */
  readonly models?: ModelsOption | undefined;
  /** Take up a version of the models that an update or rollback puts in use, within about a second. Default false. */
  readonly watchModels?: boolean | undefined;
  /** Called after each such change: with the models now in use, or with why they could not be loaded. */
  readonly onModelsReload?: ((event: ModelsReload) => void) | undefined;
  /** Photos worked on at once, each by networks of its own. 1 to 256; default the number of processor cores. */
  readonly lanes?: number | undefined;
  /** The most pixels a photo may have. Default 100 million. */
  readonly maxPixels?: number | undefined;
}

/** What an engine is made of. */
export interface EngineInfo {
  readonly backend: string;
  readonly target: string;
  readonly lanes: number;
  readonly versions: { readonly opencv: string; readonly dlib: string };
  /** The model files loaded so far. */
  readonly models: readonly ModelInfo[];
}

/** What came of a change of the models in the store. After an error the engine goes on with those it has. */
export type ModelsReload =
  | { readonly models: readonly ModelInfo[]; readonly error?: undefined }
  | { readonly error: FaceDedupError; readonly models?: undefined };

/** One photo of many: its faces, or why there are none. */
export type PhotoResult<Face, Photo extends ImageInput = ImageInput> =
  | { readonly photo: Photo; readonly faces: readonly Face[]; readonly error?: undefined }
  | { readonly photo: Photo; readonly error: FaceDedupError; readonly faces?: undefined };

/** How far detectAll or encodeAll is. */
export interface PhotosProgress {
  /** Photos answered so far, those that failed among them. */
  readonly done: number;
  readonly failed: number;
  /** Faces found on them. */
  readonly faces: number;
}

/** In which way a sequence of photos goes through the engine. */
export interface SequenceOptions {
  /** Whether results come in the photos' order, or as they are ready. Default true. */
  readonly ordered?: boolean | undefined;
  /** Called whenever photos are answered, before their results are yielded. */
  readonly onProgress?: ((progress: PhotosProgress) => void) | undefined;
}

/** Photos at hand, or as they come. */
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
  readonly #store: ModelStore;
  readonly #lanes: number;
  /** Of photos that the engine has read. */
  readonly #photoBytes: ByteBudget;
  readonly #queue: pLimit.Limit;
  readonly #underWay = new Set<Promise<undefined>>();
  /** Each call works with those that are here when its turn comes. */
  #models: LoadedModels;
  #retired: Promise<void> = Promise.resolve();
  #reloading: Promise<unknown> = Promise.resolve();
  readonly #endWatch: () => void;
  #closed = false;

  private constructor(options: EngineOptions | undefined, photoBytes: number | undefined) {
    this.#options = readOptions(engineOptionTable, options);
    requireBackend(this.#options);
    this.#store = new ModelStore({ models: options?.models });
    this.#lanes = this.#options.lanes ?? availableParallelism();
    this.#queue = pLimit(callsPerLane * this.#lanes);
    this.#photoBytes = new ByteBudget(
      photoBytes ?? Math.max(leastPhotoBytes, photoBytesPerLane * this.#lanes),
    );
    this.#models = this.#emptyModels();
    this.#endWatch = this.#options.watchModels
      ? watchLedger(this.#store.ledgerPath, () => void this.#reloadUnasked())
      : () => undefined;
  }

  /**
   * Makes an engine and loads the models its options name, so that a missing or damaged one shows at once.
   *
   * @throws InvalidOptionError, ModelMissingError, ModelCorruptError, ModelFetchError, BackendUnavailableError, NativeAddonError
   */
  static async create(options?: EngineOptions): Promise<FaceEngine> {
    const engine = FaceEngine.createLazily(options);
    try {
      await engine.#models.load(setsForEncoding(engine.#options));
      return engine;
    } catch (error) {
      await engine.close();
      throw error;
    }
  }

  /**
   * As create, but each model is loaded when a call first needs it.
   *
   * @param photoBytes how many bytes of photos that lie elsewhere are held at once; a photo with more is read when no
   *   other is. Default 512 MiB, or 64 MiB a lane where that is more.
   */
  static createLazily(options?: EngineOptions, photoBytes?: number): FaceEngine {
    return new FaceEngine(options, photoBytes);
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
    const sets = detectorSets(request.detector);
    return this.#onPhoto('detect', image, sets, signal, async ({ pipeline }, photo, cancellation) =>
      withDetector(await pipeline.detect(photo, request, cancellation), request.detector),
    );
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
    const request = { boxes: checkBoxes(boxes), landmarks: model };
    const sets = [landmarkSet(model)];
    return this.#onPhoto('landmarks', image, sets, signal, async ({ pipeline }, photo, cancellation) => {
      const faces = await pipeline.locateLandmarks(photo, request, cancellation);
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
    const request = nativeEncodeOptions(asked);
    const sets = setsForEncoding(request);
    return this.#onPhoto('encode', image, sets, signal, async (models, photo, cancellation) => {
      const faces = await models.pipeline.encode(photo, request, cancellation);
      const origin = this.#originOf(models, request);
      return faces.map((face) => encodingOf(face, request, origin));
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
    const sets = setsForFaces(request);
    return this.#onPhoto('extract', image, sets, signal, async ({ pipeline }, photo, cancellation) => {
      const faces = await pipeline.extract(photo, request, cancellation);
      const chipOf = (data: Uint8Array) =>
        format === 'raw' ? { data, width: size, height: size, channels: 3, order: 'rgb' } : data;
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
   * @param photos read at most two batches of photos a lane ahead of the results taken: that bounds the memory.
   * @returns a result for each photo. An abort ends the iteration at once and the work under way within a photo's time.
   * @throws InvalidOptionError, AbortedError, and model errors, which would fail every photo alike
   */
  async *detectAll<Photo extends ImageInput>(
    photos: PhotoSequence<Photo>,
    options?: DetectOptions & SequenceOptions,
  ): AsyncGenerator<PhotoResult<FaceDetection, Photo>, void, undefined> {
    const [sequence, own] = splitOptions(options);
    const { signal, ...asked } = readOptions(detectOptionTable, own, this.#options);
    const request = nativeDetectOptions(asked);
    // MMOD alone gains by photos that run together, and only by whole batches of them.
    const together = request.detector === 'mmod' ? request.batchSize : 1;
    yield* this.#all(photos, sequence, signal, { batchSize: together, startEarly: false }, (batch) =>
      tracedBatch('detect', batch.length, () =>
        this.#answerBatch(
          batch,
          signal,
          detectorSets(request.detector),
          ({ pipeline }, images, cancellation) => pipeline.detectBatch(images, request, cancellation),
          (found) => withDetector(found, request.detector),
        ),
      ),
    );
  }

  /** As detectAll, with the faces encoded; those of a few photos go through the encoder together. */
  async *encodeAll<Photo extends ImageInput>(
    photos: PhotoSequence<Photo>,
    options?: EncodeOptions & SequenceOptions,
  ): AsyncGenerator<PhotoResult<FaceEncoding, Photo>, void, undefined> {
    const [sequence, own] = splitOptions(options);
    const { signal, ...asked } = readOptions(encodeOptionTable, own, this.#options);
    const request = nativeEncodeOptions(asked);
    yield* this.#all(
      photos,
      sequence,
      signal,
      { batchSize: photosEncodedTogether, startEarly: true },
      (batch) =>
        tracedBatch('encode', batch.length, () =>
          this.#answerBatch(
            batch,
            signal,
            setsForEncoding(request),
            ({ pipeline }, images, cancellation) => pipeline.encodeBatch(images, request, cancellation),
            (faces, models) => {
              const origin = this.#originOf(models, request);
              return faces.map((face) => encodingOf(face, request, origin));
            },
          ),
        ),
    );
  }

  /** The results of photos that run through the native side together, unless that is too much. */
  async #answerBatch<Photo extends ImageInput, NativeAnswer, Face>(
    batch: readonly Photo[],
    signal: AbortSignal | undefined,
    sets: readonly ModelSetName[],
    call: BatchCall<NativeAnswer>,
    convert: (answer: NativeAnswer, models: LoadedModels) => Face[],
  ): Promise<PhotoResult<Face, Photo>[]> {
    try {
      const results = await this.#answerTogether(batch, signal, sets, call, convert);
      if (results) return results;
    } catch (error) {
      if (batch.length === 1) return [failureOf(batch[0] as Photo, error)];
      // One of them was too much for all: each alone will tell which.
      if (!isFaultOfPhoto(error)) throw error;
    }
    const alone = batch.map((photo) => this.#answerBatch([photo], signal, sets, call, convert));
    return (await Promise.all(alone)).flat();
  }

  /** @returns undefined when there is never room for all at once. */
  async #answerTogether<Photo extends ImageInput, NativeAnswer, Face>(
    batch: readonly Photo[],
    signal: AbortSignal | undefined,
    sets: readonly ModelSetName[],
    call: BatchCall<NativeAnswer>,
    convert: (answer: NativeAnswer, models: LoadedModels) => Face[],
  ): Promise<PhotoResult<Face, Photo>[] | undefined> {
    const subject = batch.length === 1 ? describePhoto(batch[0] as Photo) : 'A batch of photos';
    return this.#run(signal, async (models) => {
      await untilAborted(models.load(sets), signal);
      const bytes = sumOf(await untilAborted(Promise.all(batch.map(bytesToRead)), signal));
      if (batch.length > 1 && bytes > this.#photoBytes.limit) return undefined;
      return this.#photoBytes.use(bytes, signal, async (resize) => {
        const reading = stage('read', () =>
          Promise.all(batch.map((photo) => resultOf(photo, readPhoto(photo)))),
        );
        const results = await untilAborted(reading, signal);
        const read = results.map(({ photo, faces: image }) => (image ? bytesRead(photo, image) : 0));
        resize(sumOf(read));
        const images = results.flatMap(({ faces: image }) => image ?? []);
        const answers = await stage('work', () =>
          callNative(subject, () =>
            withCancellation(signal, (cancellation) => call(models, images, cancellation)),
          ),
        );
        return results.map(({ photo, error }) => {
          if (error) return { photo, error };
          const answer = answers.shift() as NativeAnswer | Error;
          if (!(answer instanceof Error)) return { photo, faces: convert(answer, models) };
          return failureOf(photo, typedError(describePhoto(photo), answer));
        });
      });
    });
  }

  async *#all<Face, Photo extends ImageInput>(
    photos: PhotoSequence<Photo>,
    options: SequenceOptions,
    signal: AbortSignal | undefined,
    { batchSize, startEarly }: { readonly batchSize: number; readonly startEarly: boolean },
    work: (batch: readonly Photo[]) => Promise<PhotoResult<Face, Photo>[]>,
  ): AsyncGenerator<PhotoResult<Face, Photo>, void, undefined> {
    const { ordered, onProgress } = readOptions(sequenceOptionTable, options);
    const report = onProgress as SequenceOptions['onProgress'];
    let progress: PhotosProgress = { done: 0, failed: 0, faces: 0 };
    const workAndReport = async (batch: readonly Photo[]) => {
      const results = await work(batch);
      progress = {
        done: progress.done + results.length,
        failed: progress.failed + results.filter(({ error }) => error).length,
        faces: progress.faces + results.reduce((sum, { faces }) => sum + (faces?.length ?? 0), 0),
      };
      report?.(progress);
      return results;
    };
    const lanes = this.#lanes;
    yield* runInBatches(iterate(photos), {
      work: workAndReport,
      lanes,
      underWay: () => this.#underWay,
      batchSize,
      startEarly,
      ordered,
      signal,
    });
  }

  /** What is in use: backend, target, versions, and the model files loaded so far with their digests. */
  info(): EngineInfo {
    const { backend, target } = this.#options;
    const { versions } = loadAddon();
    return { backend, target, lanes: this.#lanes, versions, models: this.#models.infos };
  }

  /**
   * What an encoding made now would carry as its origin; loads the models that it names.
   *
   * @throws InvalidOptionError, model errors, EngineClosedError
   */
  async origin(options?: EncodeOptions): Promise<EncodingOrigin> {
    const { signal, ...asked } = readOptions(encodeOptionTable, options, this.#options);
    const request = nativeEncodeOptions(asked);
    return this.#run(signal, async (models) => {
      await untilAborted(models.load(setsForEncoding(request)), signal);
      return this.#originOf(models, request);
    });
  }

  /**
   * Takes up the model files that are in use now. Calls under way end with the models they began with, which are freed
   * after the last of them; when a new one cannot be loaded, all stay as they were.
   *
   * @returns whether any file was another one than before.
   * @throws model errors, EngineClosedError
   */
  async reloadModels(): Promise<boolean> {
    // One after the other: two at once would hold three copies of every model.
    const reloading = this.#reloading.then(() => this.#reload());
    this.#reloading = reloading.catch(() => undefined);
    return reloading;
  }

  async #reload(): Promise<boolean> {
    if (this.#closed) throw engineClosed();
    const before = this.#models;
    const { sets, digests } = before;
    let changed = false;
    for (const set of sets) {
      const now = Object.entries(await this.#store.digests(set));
      changed ||= now.some(([key, sha256]) => digests[key as keyof typeof digests] !== sha256);
    }
    if (!changed) return false;
    const next = this.#emptyModels();
    try {
      await next.load(sets);
      if (this.#closed) throw engineClosed();
    } catch (error) {
      await next.retire();
      throw error;
    }
    this.#models = next;
    this.#retired = Promise.all([this.#retired, before.retire()]).then(() => undefined);
    return true;
  }

  /** Nobody waits for what a watch sets off, so a failure is told as a warning of the process, if nobody listens. */
  async #reloadUnasked(): Promise<void> {
    const onReload = this.#options.onModelsReload as EngineOptions['onModelsReload'];
    try {
      if (await this.reloadModels()) onReload?.({ models: this.#models.infos });
    } catch (error) {
      if (this.#closed) return;
      if (onReload) onReload({ error: error as FaceDedupError });
      else process.emitWarning(error as Error);
    }
  }

  #emptyModels(): LoadedModels {
    return new LoadedModels({ ...this.#options, lanes: this.#lanes }, this.#store);
  }

  /** Refuses further calls, lets those under way end, then frees the models. May be called again. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#endWatch();
    await Promise.allSettled([...this.#underWay, this.#reloading]);
    await Promise.all([this.#retired, this.#models.retire()]);
  }

  #originOf(models: LoadedModels, request: NativeEncodeOptions): EncodingOrigin {
    const keys = setsForEncoding(request).flatMap((set) =>
      set === 'ssd' ? (['ssd-prototxt', 'ssd-weights'] as const) : [set],
    );
    const { digests } = models;
    return {
      models: Object.fromEntries(keys.map((key) => [key, digests[key] ?? ''])),
      options: originOptions(request, this.#options),
    };
  }

  /** Waits for its turn, so that no more calls have their photos in memory than the lanes and the next of each. */
  async #run<Answer>(
    signal: AbortSignal | undefined,
    work: (models: LoadedModels) => Promise<Answer>,
  ): Promise<Answer> {
    if (this.#closed) throw engineClosed();
    throwIfAborted(signal);
    const uncount = countWhile('facededup.engine.calls');
    const begin = tracedWait();
    const answer = this.#queue(
      // Its turn comes at the end of a call of somebody else's.
      inThisTrace(async () => {
        begin();
        throwIfAborted(signal);
        return this.#models.use(work);
      }),
    );
    const done = (): undefined => {
      uncount();
      this.#underWay.delete(ended);
    };
    const ended = answer.then(done, done);
    this.#underWay.add(ended);
    // The lane stays taken until its work ends; the caller need not wait for that.
    return untilAborted(answer, signal);
  }

  /** A call on a photo, with what it needs before its lane does. Whoever gives it up leaves its turn to the next. */
  async #onPhoto<Face>(
    operation: Operation,
    image: ImageInput,
    sets: readonly ModelSetName[],
    signal: AbortSignal | undefined,
    call: (
      models: LoadedModels,
      photo: NativeImage,
      cancellation: NativeCancellation | undefined,
    ) => Promise<Face[]>,
  ): Promise<Face[]> {
    const work = (models: LoadedModels, photo: NativeImage) => () =>
      callNative(describePhoto(image), () =>
        withCancellation(signal, (cancellation) => call(models, photo, cancellation)),
      );
    return tracedCall(operation, () =>
      this.#run(signal, (models) =>
        withPhoto(image, this.#photoBytes, signal, async (photo) => {
          await untilAborted(models.load(sets), signal);
          return stage('work', work(models, photo));
        }),
      ),
    );
  }
}

/** Of a call, as telemetry tells of it. */
function stage<Result>(name: 'read' | 'work', work: () => Promise<Result>): Promise<Result> {
  return traced(`facededup.engine.${name}`, { 'facededup.engine.stage': name }, work);
}

/** Works on a photo; what has to be read of it is read once there is room, and held until the work ends. */
async function withPhoto<Answer>(
  image: ImageInput,
  budget: ByteBudget,
  signal: AbortSignal | undefined,
  work: (photo: NativeImage) => Promise<Answer>,
): Promise<Answer> {
  const read = () =>
    untilAborted(
      stage('read', () => readPhoto(image)),
      signal,
    );
  if (!liesElsewhere(image)) return work(await read());
  const bytes = await untilAborted(bytesToRead(image), signal);
  return budget.use(bytes, signal, async (resize) => {
    const photo = await read();
    resize(bytesRead(image, photo));
    return work(photo);
  });
}

type BatchCall<NativeAnswer> = (
  models: LoadedModels,
  images: readonly NativeImage[],
  cancellation: NativeCancellation | undefined,
) => Promise<(NativeAnswer | Error)[]>;

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0);
}

/**
 * What needs no lane runs on libuv's pool, which can take nothing back: the rest waits here, so that neither a process nor
 * a thread that ends has to wait for it, and no more photos are copied than are worked on.
 */
const besideLanes = pLimit(availableParallelism());
const bytesBesideLanes = new ByteBudget(MAX_PHOTO_BYTES);

async function onPhotoBesideLanes<Answer>(
  image: ImageInput,
  call: (photo: NativeImage) => Promise<Answer>,
): Promise<Answer> {
  return withPhoto(image, bytesBesideLanes, undefined, (photo) =>
    callNative(describePhoto(image), () => besideLanes(() => call(photo))),
  );
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
  return onPhotoBesideLanes(image, (photo) =>
    loadAddon().drawDetections(photo, drawn, engineOptionTable.maxPixels.fallback),
  );
}

/**
 * Makes a photo small, for people to look at.
 *
 * @param options `maxSide`: the most pixels of the longer side, 16 to 8192, default 640; a smaller photo keeps its size.
 * @throws as drawDetections
 */
export async function thumbnail(
  image: ImageInput,
  options?: { readonly maxSide?: number | undefined },
): Promise<Thumbnail> {
  const { maxSide } = readOptions(thumbnailOptionTable, options);
  return onPhotoBesideLanes(image, (photo) =>
    loadAddon().thumbnail(photo, maxSide, engineOptionTable.maxPixels.fallback),
  );
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

/** Few enough that a photo waits little for its neighbours; more gain nothing: their faces fill the encoder's batches. */
export const photosEncodedTogether = 4;

/** Of files read and not yet answered: as much as one of them may have, and eight of 8 MiB for each lane. */
const leastPhotoBytes = MAX_PHOTO_BYTES;
const photoBytesPerLane = 64 * 1024 * 1024;

/** While a lane works on one call, the photo of the next is read. */
const callsPerLane = 2;

function splitOptions<Own>(options: (Own & SequenceOptions) | undefined): [SequenceOptions, Own | undefined] {
  if (typeof options !== 'object' || options === null) return [{}, options];
  const { ordered, onProgress, ...own } = options;
  return [{ ordered, onProgress }, own as Own];
}

type DetectValues = Omit<OptionValues<typeof detectOptionTable>, 'signal'>;
type FaceValues = Omit<OptionValues<typeof extractOptionTable>, 'signal' | 'size' | 'padding' | 'format'>;
type EncodeValues = Omit<OptionValues<typeof encodeOptionTable>, 'signal'>;

function checkConfidence(detection: unknown, index: number): number {
  const { confidence } = detection as { readonly confidence?: unknown };
  if (typeof confidence === 'number' && Number.isFinite(confidence)) return confidence;
  throw new InvalidOptionError(
    'ARGUMENT_INVALID',
    `detections[${index}].confidence must be a finite number.`,
  );
}

function nativeDetectOptions(asked: DetectValues): NativeDetectOptions {
  const { detector, upsample, maxSide, batchSize, nmsThreshold, shrinkOnLoad } = asked;
  const confidence = asked.confidence ?? defaultConfidence(detector);
  return { detector, upsample, maxSide, batchSize, nmsThreshold, shrinkOnLoad, confidence };
}

function nativeFaceOptions(asked: FaceValues): NativeFaceOptions {
  const boxes = asked.boxes === undefined ? undefined : checkBoxes(asked.boxes);
  const align = asked.align ?? defaultRefinement(asked.detector, boxes !== undefined).align;
  return { ...nativeDetectOptions(asked), landmarks: asked.landmarks, boxes, align };
}

function nativeEncodeOptions(asked: EncodeValues): NativeEncodeOptions {
  const { jitters, boxes, detector } = asked;
  const mirror = asked.mirror ?? defaultRefinement(detector, boxes !== undefined).mirror;
  return { ...nativeFaceOptions(asked), jitters, mirror };
}

function encodingOf(
  face: NativeFace,
  { detector, landmarks: model }: NativeFaceOptions,
  origin: EncodingOrigin,
): FaceEncoding {
  const { box, confidence, landmarks, encoding } = face;
  return { box, confidence, detector, landmarks: { model, points: landmarks }, encoding, origin };
}

function setsForFaces({
  boxes,
  detector,
  landmarks,
}: Pick<NativeFaceOptions, 'detector' | 'landmarks'> & {
  readonly boxes?: NativeFaceOptions['boxes'];
}): ModelSetName[] {
  return [...(boxes ? [] : detectorSets(detector)), landmarkSet(landmarks)];
}

function setsForEncoding(options: Parameters<typeof setsForFaces>[0]): ModelSetName[] {
  return [...setsForFaces(options), 'encoder'];
}

/** The options that shape an encoding; those that the detector in question does not know are left out. */
function originOptions(
  request: NativeEncodeOptions,
  { scaleFactor, meanValues, faceClass }: OptionValues<typeof engineOptionTable>,
): EncodingOrigin['options'] {
  const { detector, landmarks, align, mirror, jitters, confidence, upsample, maxSide } = request;
  const { nmsThreshold, shrinkOnLoad } = request;
  const ssd = {
    confidence,
    nmsThreshold,
    shrinkOnLoad,
    scaleFactor,
    meanValues: [...meanValues],
    ...(faceClass === undefined ? {} : { faceClass }),
  };
  const ofDetector = { ssd, hog: { confidence, upsample }, mmod: { confidence, upsample, maxSide } };
  const detection = request.boxes ? { detector: 'boxes' } : { detector, ...ofDetector[detector] };
  return { ...detection, landmarks, align, mirror, jitters };
}

function withDetector(found: readonly NativeDetection[], detector: Detector): FaceDetection[] {
  return found.map((detection) => ({ ...detection, detector }));
}

const faultsOfPhotos: ReadonlySet<string> = new Set([
  'PHOTO_NOT_FOUND',
  'PHOTO_UNREADABLE',
  'PHOTO_EMPTY',
  'PHOTO_CHANGED',
  'PHOTO_OUTSIDE_ROOTS',
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
    return failureOf(photo, error);
  }
}

/** @throws the error where it would fail every photo alike. */
function failureOf<Photo extends ImageInput>(
  photo: Photo,
  error: unknown,
): { photo: Photo; error: FaceDedupError; faces?: undefined } {
  if (isFaultOfPhoto(error)) return { photo, error };
  throw error;
}

function isFaultOfPhoto(error: unknown): error is FaceDedupError {
  return error instanceof FaceDedupError && faultsOfPhotos.has(error.code);
}
