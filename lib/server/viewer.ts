// Photos and faces as JPEGs for the page to show: a few at a time, the rest in a queue that has an end.

import type { Box } from '../detections.js';
import { FaceEngine, thumbnail } from '../engine.js';
import { BoxOutsidePhotoError } from '../errors.js';
import type { ModelsOption } from '../models/index.js';
import type { LazyPhoto } from '../photos/photo.js';
import { Turns } from './turns.js';

/** Each holds a decoded photo in memory. */
const atOnce = 2;
const waiting = 200;

export interface ViewedPhoto {
  readonly jpeg: Uint8Array;
  /** Of the whole photo, in whose pixels boxes are given. */
  readonly photoWidth: number;
  readonly photoHeight: number;
}

export class Viewer {
  readonly #turns = new Turns({ atOnce, waiting, what: 'photos', retryAfter: 2 });
  readonly #models: ModelsOption | undefined;
  #engine: FaceEngine | undefined;

  constructor(models: ModelsOption | undefined) {
    this.#models = models;
  }

  /** @throws as thumbnail, and as Turns.take */
  whole(photo: LazyPhoto, maxSide: number, signal: AbortSignal): Promise<ViewedPhoto> {
    return this.#turns.take(() => thumbnail(photo, { maxSide }), signal);
  }

  /** @param size of the square in pixels. @throws as FaceEngine.extract, and as Turns.take */
  face(
    photo: LazyPhoto,
    box: Box,
    { size, padding, signal }: { size: number; padding: number; signal: AbortSignal },
  ): Promise<Uint8Array> {
    return this.#turns.take(async () => {
      this.#engine ??= FaceEngine.createLazily({
        models: this.#models,
        lanes: atOnce,
        landmarks: 'small',
        watchModels: true,
      });
      const options = { boxes: [box], size, padding, format: 'jpeg', signal } as const;
      const [face] = await this.#engine.extract(photo, options);
      if (!face) throw new BoxOutsidePhotoError('BOX_OUTSIDE_PHOTO', `There is no face in '${photo.name}'.`);
      return face.chip;
    }, signal);
  }

  /** What waits is refused; what is at work is waited for. May be called again. */
  async close(): Promise<void> {
    await this.#turns.close();
    await this.#engine?.close();
  }
}
