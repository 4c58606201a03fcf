// Landmarks by the names of what they lie on, in the groups that face_recognition uses.

import type { FaceLandmarks } from './detections.js';

/** A part of a face. Left and right are as the viewer sees them. */
export type LandmarkFeature =
  | 'chin'
  | 'left_eyebrow'
  | 'right_eyebrow'
  | 'nose_bridge'
  | 'nose_tip'
  | 'left_eye'
  | 'right_eye'
  | 'top_lip'
  | 'bottom_lip';

/** The points of each part, in pixels of the photo; only the parts that the landmarks tell apart. */
export type LandmarkFeatures = Readonly<Partial<Record<LandmarkFeature, FaceLandmarks['points']>>>;

type Groups = Readonly<Partial<Record<LandmarkFeature, readonly number[]>>>;

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/**
 * Indices into the 68 points of iBUG 300-W, left and right as the viewer sees them. A lip is its outer line one way and
 * its inner line back, so that it can be drawn as one polygon.
 */
const large: Groups = {
  chin: range(0, 16),
  left_eyebrow: range(17, 21),
  right_eyebrow: range(22, 26),
  nose_bridge: range(27, 30),
  nose_tip: range(31, 35),
  left_eye: range(36, 41),
  right_eye: range(42, 47),
  top_lip: [...range(48, 54), 64, 63, 62, 61, 60],
  bottom_lip: [...range(54, 59), 48, 60, 67, 66, 65, 64],
};

const small: Groups = { nose_tip: [4], left_eye: [2, 3], right_eye: [0, 1] };

/**
 * Names the landmarks of a face.
 *
 * @returns for `large` all nine features; for `small` nose_tip (1 point), left_eye and right_eye (2 points each).
 */
export function landmarkFeatures({ model, points }: FaceLandmarks): LandmarkFeatures {
  const groups = Object.entries(model === 'large' ? large : small);
  return Object.fromEntries(
    groups.map(([feature, indices]) => [feature, indices.flatMap((index) => points.slice(index, index + 1))]),
  );
}
