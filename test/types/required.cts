// Every entry, as the compiler of a CommonJS module sees it: this file is compiled, not run.

import facededup = require('facededup');
import matcher = require('facededup/matcher');
import server = require('facededup/server');

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : never;
declare function holds<Check extends true>(check?: Check): void;

holds<Same<typeof matcher.findDuplicates, typeof facededup.findDuplicates>>();
holds<Same<typeof matcher.FaceDedupError, typeof facededup.FaceDedupError>>();
holds<Same<matcher.FaceRecord, facededup.FaceRecord>>();
holds<Same<ReturnType<typeof facededup.detectFaces>, Promise<facededup.FaceDetection[]>>>();
holds<Same<Awaited<ReturnType<typeof server.createServer>>, server.FaceServer>>();

async function distances(): Promise<number[]> {
  const engine: facededup.FaceEngine = await facededup.FaceEngine.create({ detector: 'hog' });
  const faces = await engine.encode('photo.jpg');
  // @ts-expect-error a misspelt option
  await matcher.findDuplicates([], { treshold: 0.4 });
  return faces.map(({ encoding }) => matcher.faceDistance(encoding, encoding));
}

export = { distances };
