// The public types, as a user's compiler sees them: this file is compiled, not run.

import type {
  availableBackends,
  compareFaces,
  detectFaces,
  encodeFaces,
  faceDistance,
  findInPhotos,
  groupDuplicates,
  locateLandmarks,
  readKeptPhotos,
  writeKeptPhotos,
} from 'facededup';
import {
  type Box,
  type DnnBackend,
  type DuplicatePair,
  type FaceDetection,
  type FaceEncoding,
  FaceEngine,
  type FaceLandmarks,
  FaceStore,
  FaceStoreError,
  findDuplicates,
  type Findings,
  type ImageInput,
  type KeptPhoto,
  NoPhotosError,
  type Verdict,
} from 'facededup';

import type { Cluster, ClusterStatus, ClusterWorker, RunStatus } from 'facededup/cluster';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never;
declare function holds<Check extends true>(check?: Check): void;

holds<Same<ReturnType<typeof detectFaces>, Promise<FaceDetection[]>>>();
holds<Same<ReturnType<typeof locateLandmarks>, Promise<FaceLandmarks[]>>>();
holds<Same<ReturnType<typeof encodeFaces>, Promise<FaceEncoding[]>>>();
holds<Same<ReturnType<typeof faceDistance>, number>>();
holds<Same<ReturnType<typeof compareFaces>, boolean[]>>();
holds<Same<ReturnType<typeof findDuplicates>, Promise<DuplicatePair[]>>>();
holds<Same<ReturnType<typeof groupDuplicates>, string[][]>>();
holds<Same<ReturnType<typeof availableBackends>, DnnBackend[]>>();
holds<Same<ReturnType<typeof findInPhotos>, Promise<Findings>>>();
holds<Same<ReturnType<typeof writeKeptPhotos>, Promise<number>>>();
holds<Same<ReturnType<typeof readKeptPhotos>, AsyncGenerator<KeptPhoto, void, undefined>>>();
holds<Same<ReturnType<Cluster['submit']>, Promise<number>>>();
holds<Same<ReturnType<Cluster['wait']>, Promise<Findings>>>();
holds<Same<ReturnType<Cluster['overview']>, Promise<ClusterStatus>>>();
holds<Same<ReturnType<Cluster['status']>, Promise<RunStatus>>>();
holds<Same<ReturnType<typeof ClusterWorker.start>, Promise<ClusterWorker>>>();
holds<Same<Verdict, 'same' | 'different' | 'unsure'>>();
holds<Same<FaceEncoding['encoding'], Float32Array>>();
holds<Same<FaceLandmarks['points'], readonly (readonly [x: number, y: number])[]>>();

const inputs: ImageInput[] = [
  'photo.jpg',
  new URL('file:///photo.jpg'),
  new Uint8Array(1),
  { data: new Uint8Array(3), width: 1, height: 1, channels: 3, order: 'rgb' },
];
// @ts-expect-error two channels are no photo
inputs.push({ data: new Uint8Array(2), width: 1, height: 1, channels: 2, order: 'rgb' });

export async function everyOptionIsTyped(box: Box): Promise<void> {
  const engine: FaceEngine = await FaceEngine.create({
    detector: 'ssd',
    confidence: 0.5,
    nmsThreshold: 0.4,
    landmarks: 'large',
    jitters: 2,
    backend: 'opencv',
    target: 'cpu',
    scaleFactor: 1,
    meanValues: [104, 177, 123],
    models: { directory: 'models', source: ['https', 'debian'] },
    lanes: 2,
    maxPixels: 1e6,
  });
  const faces = await engine.encode('photo.jpg', { boxes: [box], signal: AbortSignal.timeout(1000) });
  // @ts-expect-error boxes cannot be moved
  faces[0].box.x = 1;
  // @ts-expect-error there is no such detector
  await engine.detect('photo.jpg', { detector: 'eyes' });
  // @ts-expect-error a misspelt option
  await findDuplicates([], { treshold: 0.4 });
  for await (const { photo, faces: found, error } of engine.encodeAll(['a.jpg'])) {
    const id: string = photo;
    await findDuplicates([{ id, encodings: (found ?? []).map(({ encoding }) => encoding) }], {
      ignoredPairs: [[id, id]],
    });
    if (error) throw error;
  }
  await engine.close();
}

export function everyStoreIsTyped(path: string): number {
  try {
    const { photos, decisions, runs } = new FaceStore(path, { create: false }).set('staff');
    const [kept]: readonly (KeptPhoto | undefined)[] = [...photos.photos()];
    // @ts-expect-error what is kept cannot be renamed in place
    if (kept) kept.photo = 'another';
    decisions.decide({
      kind: 'photo',
      first: 'a.jpg',
      second: 'b.jpg',
      verdict: 'same',
      reason: 'seen both',
    });
    // @ts-expect-error there is no such verdict
    decisions.decide({ kind: 'photo', first: 'a.jpg', second: 'b.jpg', verdict: 'maybe' });
    return runs.findings(undefined, decisions.index()).pairs.length;
  } catch (error) {
    if (error instanceof FaceStoreError || error instanceof NoPhotosError) return 0;
    throw error;
  }
}
