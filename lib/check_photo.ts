// A photo of a face, drawn by code, that every detector finds: what a candidate for a model is tried on by default.

import type { Box } from './detections.js';
import type { RawImage } from './photos/photo.js';

export interface CheckPhoto {
  readonly image: RawImage;
  /** Where the faces are. */
  readonly faces: readonly Box[];
}

type Colour = readonly [red: number, green: number, blue: number];

/** Half the width and height of the face in pixels: the units of the layers, whose origin is the middle of the face. */
const unit = { x: 62, y: 82 } as const;
const middle = { x: 200, y: 195 } as const;
const side = 400;

interface Layer {
  readonly colour: Colour;
  readonly x?: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Width of the soft edge as a part of the radius; 1 fades from the middle on. */
  readonly soft?: number;
  readonly opacity?: number;
  /** Once more on the other side of the face. */
  readonly twice?: true;
}

/** Ellipses, painted one over the other. Half of their width and height is given. */
const layers: readonly Layer[] = [
  // Shoulders, hair, neck and the shadow of the chin on it, ears, face.
  { colour: [52, 62, 92], y: 2.75, width: 2.3, height: 1.35, soft: 0.06 },
  { colour: [46, 34, 28], y: -0.22, width: 1.14, height: 1.08, soft: 0.08 },
  { colour: [176, 128, 104], y: 1.15, width: 0.52, height: 0.75, soft: 0.1 },
  { colour: [140, 98, 80], y: 1, width: 0.55, height: 0.3, soft: 0.5, opacity: 0.6 },
  { colour: [176, 130, 108], x: 1, y: 0.05, width: 0.13, height: 0.22, twice: true },
  { colour: [168, 122, 100], y: 0.02, width: 0.93, height: 1.02, soft: 0.05 },
  // Light from the front, cheeks.
  { colour: [236, 186, 158], y: -0.05, width: 0.55, height: 0.6, soft: 0.7, opacity: 0.9 },
  {
    colour: [222, 140, 120],
    x: 0.5,
    y: 0.3,
    width: 0.28,
    height: 0.22,
    soft: 0.8,
    opacity: 0.25,
    twice: true,
  },
  // Eyes: socket, brow, white, iris, pupil, glint, lids.
  {
    colour: [150, 104, 84],
    x: 0.4,
    y: -0.15,
    width: 0.3,
    height: 0.17,
    soft: 0.7,
    opacity: 0.55,
    twice: true,
  },
  {
    colour: [58, 40, 32],
    x: 0.42,
    y: -0.31,
    width: 0.27,
    height: 0.06,
    soft: 0.5,
    opacity: 0.95,
    twice: true,
  },
  { colour: [236, 230, 226], x: 0.39, y: -0.12, width: 0.19, height: 0.075, soft: 0.15, twice: true },
  { colour: [70, 48, 36], x: 0.39, y: -0.12, width: 0.085, height: 0.075, soft: 0.15, twice: true },
  { colour: [12, 8, 8], x: 0.39, y: -0.12, width: 0.042, height: 0.042, soft: 0.3, twice: true },
  { colour: [250, 250, 250], x: 0.37, y: -0.145, width: 0.016, height: 0.014, soft: 0.5, twice: true },
  {
    colour: [60, 38, 32],
    x: 0.39,
    y: -0.195,
    width: 0.21,
    height: 0.028,
    soft: 0.6,
    opacity: 0.9,
    twice: true,
  },
  {
    colour: [130, 88, 72],
    x: 0.39,
    y: -0.03,
    width: 0.18,
    height: 0.02,
    soft: 0.8,
    opacity: 0.5,
    twice: true,
  },
  // Nose: sides, wings, nostrils, ridge, tip, shadow beneath.
  {
    colour: [170, 122, 100],
    x: 0.12,
    y: 0.03,
    width: 0.045,
    height: 0.22,
    soft: 0.9,
    opacity: 0.35,
    twice: true,
  },
  {
    colour: [168, 118, 96],
    x: 0.2,
    y: 0.24,
    width: 0.05,
    height: 0.1,
    soft: 0.9,
    opacity: 0.55,
    twice: true,
  },
  { colour: [84, 48, 40], x: 0.1, y: 0.3, width: 0.055, height: 0.03, soft: 0.6, opacity: 0.85, twice: true },
  { colour: [250, 214, 190], y: 0.06, width: 0.07, height: 0.26, soft: 0.9, opacity: 0.5 },
  { colour: [246, 208, 184], y: 0.23, width: 0.1, height: 0.08, soft: 0.9, opacity: 0.4 },
  { colour: [150, 104, 86], y: 0.345, width: 0.14, height: 0.03, soft: 0.8, opacity: 0.5 },
  // Mouth: lips, the line between them, light on the lower one, shadow beneath.
  { colour: [176, 84, 80], y: 0.56, width: 0.3, height: 0.075, soft: 0.25, opacity: 0.95 },
  { colour: [96, 36, 38], y: 0.55, width: 0.29, height: 0.014, soft: 0.7, opacity: 0.95 },
  { colour: [214, 128, 120], y: 0.595, width: 0.14, height: 0.02, soft: 0.9, opacity: 0.4 },
  { colour: [160, 112, 92], y: 0.68, width: 0.18, height: 0.03, soft: 0.9, opacity: 0.45 },
  // Hair over the forehead.
  { colour: [50, 37, 30], y: -1.02, width: 0.9, height: 0.36, soft: 0.15 },
];

/**
 * Draws the photo: 400×400 pixels, RGB, one frontal face. The SSD finds it with a confidence of 1.00, HOG and MMOD with
 * scores of 1 and more.
 */
export function drawCheckPhoto(): CheckPhoto {
  const data = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++) {
    // Lighter above, as in front of a wall.
    const shade = 1 - (0.3 * y) / side;
    for (let x = 0; x < side; x++) data.set([176 * shade, 186 * shade, 196 * shade], (y * side + x) * 3);
  }
  for (const { x = 0, twice, ...layer } of layers) {
    paint(data, { ...layer, x });
    if (twice) paint(data, { ...layer, x: -x });
  }
  return {
    image: { data, width: side, height: side, channels: 3, order: 'rgb' },
    faces: [
      {
        x: middle.x - unit.x,
        y: middle.y - 0.75 * unit.y,
        width: 2 * unit.x,
        height: 1.75 * unit.y,
      },
    ],
  };
}

function paint(data: Uint8Array, { colour, x = 0, y, width, height, soft = 0.12, opacity = 1 }: Layer): void {
  const [centreX, centreY] = [middle.x + x * unit.x, middle.y + y * unit.y];
  const [radiusX, radiusY] = [width * unit.x, height * unit.y];
  const inside = (pixel: number) => Math.min(Math.max(Math.floor(pixel), 0), side);
  const reach = 1 + soft;
  for (let row = inside(centreY - reach * radiusY); row < inside(centreY + reach * radiusY + 1); row++) {
    for (
      let column = inside(centreX - reach * radiusX);
      column < inside(centreX + reach * radiusX + 1);
      column++
    ) {
      const distance = Math.sqrt(((column - centreX) / radiusX) ** 2 + ((row - centreY) / radiusY) ** 2);
      const edge = Math.min(1, Math.max(0, (reach - distance) / (2 * soft)));
      // Hermite's smooth step, so that no edge shows where the softness begins.
      const share = opacity * edge * edge * (3 - 2 * edge);
      const at = (row * side + column) * 3;
      colour.forEach((value, channel) => {
        const below = data[at + channel] ?? 0;
        data[at + channel] = below + share * (value - below);
      });
    }
  }
}
