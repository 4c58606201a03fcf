// node --expose-gc scripts/bench/matching_memory.mjs ROWS THREADS
// Prints, as JSON, the bytes of the encodings and the most that a search at 0.4 held beside them: buffers (the sketch,
// what threads hand over, copies of rows) and heap. Looked at each time the search gives the thread away.

import { findDuplicates } from '../../dist/esm/index.js';
import { drawEncodings } from './synthetic.mjs';

const [size, threads] = process.argv.slice(2).map(Number);
const { encodings, buffer } = drawEncodings({ count: size });
const records = encodings.map((encoding, i) => ({ id: `photo ${i}`, encodings: [encoding] }));
// Shared and WebAssembly memory is counted neither as heap nor as array buffers: what is asked for is noted instead.
let shared = 0;
const { Memory } = WebAssembly;
WebAssembly.Memory = class extends Memory {
  constructor(size) {
    super(size);
    shared += size.initial * 65_536;
  }
};
// What this search leaves for the next one to use again is counted too.
await findDuplicates(records.slice(0, 1000), { threads: 1 });

globalThis.gc();
const before = process.memoryUsage();
let most = { buffers: 0, heap: 0 };
const look = () => {
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  const now = { buffers: shared + arrayBuffers - before.arrayBuffers, heap: heapUsed - before.heapUsed };
  if (now.buffers + now.heap > most.buffers + most.heap) most = now;
};
await findDuplicates(records, { threads, onProgress: look });
console.log(JSON.stringify({ input: buffer.byteLength, ...most, records: records.length }));
