// Which face of a person is the best one to show: the rule, its numbers, and the choice.

/** What is asked of a face. Each is 0 to 1. */
export interface FaceQuality {
  /** The detector's, at most 1. */
  readonly confidence: number;
  /** The side of the box in pixels as a part of 150, the side that an encoder sees; at most 1. */
  readonly size: number;
  /** As a part of the sharpness of the person's sharpest face. */
  readonly sharpness: number;
}

export interface FaceSize {
  readonly box: { readonly width: number; readonly height: number };
  readonly confidence?: number | undefined;
}

/** The rule in a sentence, for those who look at its choices. */
export const qualityRule =
  'Of the ten faces of a person with the highest confidence × size, the one with the highest confidence × size × ' +
  'sharpness. Confidence: the detector’s, at most 1. Size: the side of the box in pixels / 150, at most 1. Sharpness: the ' +
  'variance of the Laplacian on the grey 150×150 chip, as a part of the highest among the ten.';

export const candidatesOfPerson = 10;
export const judgedSide = 150;

/** Before any pixel is looked at. A face of unknown confidence counts as certain. */
export function apparentQuality({ box, confidence = 1 }: FaceSize): Omit<FaceQuality, 'sharpness'> {
  const side = Math.sqrt(Math.max(0, box.width * box.height));
  return { confidence: Math.min(Math.max(confidence, 0), 1), size: Math.min(side / judgedSide, 1) };
}

/** The faces that are worth cutting out: the first of equals come first. */
export function candidates<Face extends FaceSize>(faces: readonly Face[]): Face[] {
  const score = (face: Face) => {
    const { confidence, size } = apparentQuality(face);
    return confidence * size;
  };
  return [...faces].sort((a, b) => score(b) - score(a)).slice(0, candidatesOfPerson);
}

/** @returns for each face its quality, by the sharpness of each; and which has the highest, the first of equals. */
export function judge(faces: readonly (FaceSize & { readonly sharpness: number })[]): {
  readonly qualities: FaceQuality[];
  readonly best: number;
} {
  const sharpest = Math.max(...faces.map(({ sharpness }) => sharpness));
  const qualities = faces.map((face) => ({
    ...apparentQuality(face),
    sharpness: sharpest > 0 ? face.sharpness / sharpest : 1,
  }));
  const scores = qualities.map(({ confidence, size, sharpness }) => confidence * size * sharpness);
  return { qualities, best: scores.indexOf(Math.max(...scores)) };
}

/**
 * The variance of the Laplacian of the luma: low where a face is out of focus, moved or small.
 *
 * Pech-Pacheco et al., Diatom autofocusing in brightfield microscopy, ICPR 2000. Luma: ITU-R BT.601.
 *
 * @param rgb side × side × 3 samples.
 */
export function sharpnessOf(rgb: Uint8Array, side: number): number {
  const luma = new Float64Array(side * side);
  for (let i = 0; i < luma.length; i++)
    luma[i] =
      0.299 * (rgb[3 * i] as number) +
      0.587 * (rgb[3 * i + 1] as number) +
      0.114 * (rgb[3 * i + 2] as number);
  const at = (x: number, y: number) => luma[y * side + x] as number;
  let sum = 0;
  let squares = 0;
  for (let y = 1; y < side - 1; y++)
    for (let x = 1; x < side - 1; x++) {
      const value = at(x - 1, y) + at(x + 1, y) + at(x, y - 1) + at(x, y + 1) - 4 * at(x, y);
      sum += value;
      squares += value * value;
    }
  const count = (side - 2) ** 2;
  return squares / count - (sum / count) ** 2;
}
