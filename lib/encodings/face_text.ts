// A photo with its faces as a line of JSON whose numbers come back exactly.

import type { KeptFace, KeptPhoto } from './kept_encodings.js';
import { float32Text, float64Text } from './text_files.js';

/** `facts` is all of the photo but its faces; `faces` are objects as JSON. */
export function photoLine(facts: Omit<KeptPhoto, 'faces'>, faces: readonly string[]): string {
  return `${JSON.stringify(facts).slice(0, -1)},"faces":[${faces.join(',')}]}\n`;
}

export function faceText(face: KeptFace): string {
  const encoding = `"encoding":[${Array.from(face.encoding, float32Text).join(',')}]`;
  return `{${[...placeOf(face), encoding].join(',')}}`;
}

/** All of a face but its encoding. */
export function placeText(face: KeptFace): string {
  return `{${placeOf(face).join(',')}}`;
}

/** Numbers as text of our own: JSON.stringify takes the sign off −0. */
function placeOf({ box, confidence }: KeptFace): string[] {
  const side = (name: keyof NonNullable<typeof box>) => `"${name}":${float64Text(box?.[name] ?? 0)}`;
  return [
    ...(box ? [`"box":{${side('x')},${side('y')},${side('width')},${side('height')}}`] : []),
    ...(confidence === undefined ? [] : [`"confidence":${float64Text(confidence)}`]),
  ];
}
