// A nightly job over a folder: encodes what is new, compares all, and tells the pairs that the night before had not.
//
//   node examples/nightly.mjs photos/ faces.db >> nightly.log
//   0 2 * * * cd /srv/registry && node examples/nightly.mjs photos/ faces.db >> nightly.log 2>&1
//
// Exit codes: 0 nothing new, 3 new pairs for a person to look at, 1 some photos failed, 2 wrong use or a failure, 75 the
// run before is not over (nothing is done). Whatever ends it, the next run goes on where this one was.

import { FaceDedupError, FaceEngine, FaceStore, findInPhotos, NamedPhotos, summaryInWords } from 'facededup';
import { lock } from 'proper-lockfile';

const [folder, path] = process.argv.slice(2);
if (folder === undefined || path === undefined) {
  console.error('Usage: node examples/nightly.mjs FOLDER STORE');
  process.exit(2);
}

try {
  process.exitCode = await withLock(path, () => run(folder, path));
} catch (error) {
  console.error(error instanceof FaceDedupError ? `${error.message} [${error.code}]` : error);
  process.exitCode = 2;
}

/** Two runs at once would encode the same photos twice. A lock whose owner was killed is taken over after a minute. */
async function withLock(file, work) {
  let release;
  try {
    release = await lock(file, { realpath: false, stale: 60_000 });
  } catch (error) {
    if (error.code !== 'ELOCKED') throw error;
    console.error('The run before is not over.');
    return 75;
  }
  try {
    return await work();
  } finally {
    await release();
  }
}

async function run(photos, storePath) {
  const store = new FaceStore(storePath);
  const engine = await FaceEngine.create({ detector: 'hog' });
  try {
    const findings = await findInPhotos(engine, await NamedPhotos.of([photos]), {
      set: store.set(),
      dropGone: true,
    });
    const fresh = findings.pairs.filter(({ isNew }) => isNew);
    for (const { first, second, distance } of fresh) console.log(JSON.stringify({ first, second, distance }));
    for (const { message } of findings.failed) console.error(message);
    console.log(`${findings.finishedAt} ${summaryInWords(findings)}`);
    if (findings.failed.length > 0) return 1;
    return fresh.length > 0 ? 3 : 0;
  } finally {
    await engine.close();
    store.close();
  }
}
