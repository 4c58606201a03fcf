// What is kept of a photo between runs, in the face store and in files.

import type { Box } from '../detections.js';
import type { EncodingOrigin } from './origin.js';

/** A face as it is kept: its encoding, and where it lies. */
export interface KeptFace {
  /** Pixels of the upright photo; unknown where the encodings came from a file without boxes. */
  readonly box?: Box;
  readonly confidence?: number;
  /** 128 numbers. */
  readonly encoding: Float32Array;
}

/** A photo as it is kept: the faces on it, and what made their encodings. */
export interface KeptPhoto {
  /** Its name: a path, or `azure:CONTAINER/BLOB`. */
  readonly photo: string;
  /** The record it belongs to, where it was named. */
  readonly reference?: string;
  /** `sha256 …`: another one whenever the photo's content changes. */
  readonly digest?: string;
  /** The models and options that made the encodings, where they are known. */
  readonly origin?: EncodingOrigin;
  /** None for a photo without a face. */
  readonly faces: readonly KeptFace[];
}
