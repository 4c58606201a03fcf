// What the engine answers with.

import type { ChipFormat, Detector, LandmarkModelName } from './config.js';
import type { EncodingOrigin } from './encodings/origin.js';
import { InvalidOptionError } from './errors.js';
import type { RawImage } from './photos/photo.js';

/**
 * A rectangle in pixels of the upright image. An SSD's box is not rounded. A box of `hog` or `mmod` is dlib's inclusive
 * rectangle with x = left, y = top, width = right − left and height = bottom − top.
 */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A face that was found, or given by its box. */
export interface FaceDetection {
  readonly box: Box;
  /** `ssd`: a probability, 0 to 1. `hog`, `mmod`: dlib's score, above 0 and without an upper bound. 1 for a given box. */
  readonly confidence: number;
  readonly detector: Detector;
}

/** Where the parts of a face lie. */
export interface FaceLandmarks {
  /** `small`: 5 points (eye corners, nose base). `large`: the 68 points of iBUG 300-W. */
  readonly model: LandmarkModelName;
  /** Whole pixels of the upright image, in dlib's order; they may lie outside the image. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** A face, and what tells it from others. */
export interface FaceEncoding extends FaceDetection {
  readonly landmarks: FaceLandmarks;
  /** 128 numbers; the Euclidean distance between two tells how alike the faces are. */
  readonly encoding: Float32Array;
  /** The models and options it was made by; the faces of one call share one object. */
  readonly origin: EncodingOrigin;
}

/** A face cut out upright, for people to look at or for other networks. */
export interface ExtractedFace<Format extends ChipFormat = 'png'> extends FaceDetection {
  readonly landmarks: FaceLandmarks;
  /** PNG or JPEG bytes, or raw RGB pixels; size × size. */
  readonly chip: Format extends 'raw' ? Required<RawImage> : Uint8Array;
}

/** A photo made small, for people to look at. */
export interface Thumbnail {
  /** JPEG bytes of the upright photo. */
  readonly jpeg: Uint8Array;
  /** Of the thumbnail, in pixels. */
  readonly width: number;
  readonly height: number;
  /** Of the upright photo, whose pixels boxes are given in. */
  readonly photoWidth: number;
  readonly photoHeight: number;
}

/** The face whose box has the largest area: on a portrait, the person it shows. */
export function largestFace<Face extends Pick<FaceDetection, 'box'>>(
  faces: readonly Face[],
): Face | undefined {
  const area = ({ box }: Face) => box.width * box.height;
  return faces.reduce<Face | undefined>(
    (best, face) => (best && area(best) >= area(face) ? best : face),
    undefined,
  );
}

/** Far beyond any photo, and well within dlib's whole numbers. */
const largestCoordinate = 1e7;

/** @throws InvalidOptionError `ARGUMENT_INVALID` when they are not boxes with finite numbers and a width and height of at least 0. */
export function checkBoxes(boxes: unknown): readonly Box[] {
  if (!Array.isArray(boxes))
    throw new InvalidOptionError('ARGUMENT_INVALID', 'boxes must be an array of { x, y, width, height }.');
  return boxes.map((box: unknown, index) => {
    const { x, y, width, height } = (typeof box === 'object' && box !== null ? box : {}) as Partial<
      Record<keyof Box, unknown>
    >;
    const isCoordinate = (value: unknown): value is number =>
      typeof value === 'number' && Math.abs(value) <= largestCoordinate;
    if (
      !isCoordinate(x) ||
      !isCoordinate(y) ||
      !isCoordinate(width) ||
      !isCoordinate(height) ||
      width < 0 ||
      height < 0
    ) {
      throw new InvalidOptionError(
        'ARGUMENT_INVALID',
        `boxes[${index}] must be { x, y, width, height }: finite pixels of the upright photo, width and height not below 0.`,
      );
    }
    return { x, y, width, height };
  });
}
