// @vladmandic/face-api on its WASM backend: detection, landmarks and encoding of each photo, in a process of its own,
// for it and its tfjs patch globals.
//
//   node face_api.mjs detect|encode < list of photos
//
// Prints the seconds for all photos but the first, which warms up, and the number of faces on all of them.

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import * as wasm from '@tensorflow/tfjs-backend-wasm';
import sharp from 'sharp';

const require = createRequire(import.meta.url);
const faceapi = require('@vladmandic/face-api/dist/face-api.node-wasm.js');
const encodes = process.argv[2] === 'encode';
wasm.setWasmPaths(`${dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
await faceapi.tf.setBackend('wasm');
await faceapi.tf.ready();
const models = join(dirname(require.resolve('@vladmandic/face-api/package.json')), 'model');
await faceapi.nets.ssdMobilenetv1.loadFromDisk(models);
if (encodes) {
  await faceapi.nets.faceLandmark68Net.loadFromDisk(models);
  await faceapi.nets.faceRecognitionNet.loadFromDisk(models);
}
const options = new faceapi.SsdMobilenetv1Options({ minConfidence: 0.5 });

async function facesOn(path) {
  const { data, info } = await sharp(path).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const pixels = faceapi.tf.tensor3d(new Uint8Array(data), [info.height, info.width, 3], 'int32');
  try {
    if (!encodes) return (await faceapi.detectAllFaces(pixels, options)).length;
    return (await faceapi.detectAllFaces(pixels, options).withFaceLandmarks().withFaceDescriptors()).length;
  } finally {
    pixels.dispose();
  }
}

const [first, ...photos] = (await text(process.stdin)).split('\n').filter(Boolean);
let faces = await facesOn(first);
const started = performance.now();
for (const photo of photos) faces += await facesOn(photo);
console.log(`${(performance.now() - started) / 1000} ${faces}`);
