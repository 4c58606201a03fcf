// Photos and faces as JPEGs for the page to show: a few at a time, the rest in a queue that has an end.

import pLimit from 'p-limit';
import type { Box } from '../detections.js';
import { FaceEngine, thumbnail } from '../engine.js';
import { BoxOutsidePhotoError, ServerError } from '../errors.js';
import type { ModelsOption } from '../models/index.js';
import type { LazyPhoto } from '../photos/photo.js';

/** Each holds a decoded photo in memory. */
const atOnce = 2;
const mostWaiting = 200;

export interface ViewedPhoto {
  readonly jpeg: Uint8Array;
  /** Of the whole photo, in whose pixels boxes are given. */
  readonly photoWidth: number;
  readonly photoHeight: number;
}

export class Viewer {
  readonly #limit = pLimit(atOnce);
  readonly #models: ModelsOption | undefined;
  #engine: FaceEngine | undefined;

  constructor(models: ModelsOption | undefined) {
    this.#models = models;
  }

  /** @throws as thumbnail, ServerError `QUEUE_FULL` */
  whole(photo: LazyPhoto, maxSide: number): Promise<ViewedPhoto> {
    return this.#inTurn(() => thumbnail(photo, { maxSide }));
  }

  /** @param size of the square in pixels. @throws as FaceEngine.extract, ServerError `QUEUE_FULL` */
  face(
    photo: LazyPhoto,
    box: Box,
    { size, padding }: { size: number; padding: number },
  ): Promise<Uint8Array> {
    return this.#inTurn(async () => {
      this.#engine ??= FaceEngine.createLazily({
        models: this.#models,
        lanes: atOnce,
        landmarks: 'small',
        watchModels: true,
      });
      const [face] = await this.#engine.extract(photo, { boxes: [box], size, padding, format: 'jpeg' });
      if (!face) throw new BoxOutsidePhotoError('BOX_OUTSIDE_PHOTO', `There is no face in '${photo.name}'.`);
      return face.chip;
    });
  }

  async close(): Promise<void> {
    await this.#engine?.close();
  }

  #inTurn<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    if (this.#limit.pendingCount >= mostWaiting)
      throw new ServerError('QUEUE_FULL', 'Too many photos are asked for at once. Try again in a moment.');
    return this.#limit(work);
  }
}
