import type { Box } from './detections.js';
import type { RawImage } from './photos/photo.js';
export interface CheckPhoto { readonly image: RawImage; readonly faces: readonly Box[] }
export function drawCheckPhoto(): CheckPhoto {
  return { image: { data: new Uint8Array(300 * 300 * 3), width: 300, height: 300, channels: 3 }, faces: [{ x: 100, y: 100, width: 100, height: 100 }] };
}
