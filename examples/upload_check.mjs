// An upload check with Express: is the person on this photo among those we know?
//
//   node examples/upload_check.mjs known-photos/ 3000
//   curl --data-binary @someone.jpg -H 'Content-Type: image/jpeg' http://127.0.0.1:3000/check
//
// Answers { "known": true, "matches": [{ "photo": "anna.jpg", "distance": 0.21 }] }, the closest first. No photo is kept:
// an upload stays in memory, and no longer than its answer takes. It listens on this machine alone; put what checks who
// may ask in front of it before anybody else can reach it.

import { relative } from 'node:path';
import express from 'express';
import {
  FaceDedupError,
  FaceEngine,
  findDuplicates,
  NamedPhotos,
  PhotoFormatError,
  PhotoTooLargeError,
} from 'facededup';

const [folder, port = '3000'] = process.argv.slice(2);
if (folder === undefined) {
  console.error('Usage: node examples/upload_check.mjs FOLDER [PORT]');
  process.exit(2);
}
/** Uploads that are worked on or wait; more are asked to come again. */
const mostAtOnce = 16;

const engine = await FaceEngine.create({ detector: 'hog', maxPixels: 25_000_000 });
const known = await encodeFolder(folder);
let atOnce = 0;

const app = express();
app.disable('x-powered-by');
app.post('/check', limitLoad, express.raw({ type: 'image/*', limit: '10mb' }), check);
app.use(answerError);
const server = app.listen(Number(port), '127.0.0.1', () =>
  console.log(`${known.length} known photos, http://127.0.0.1:${server.address().port}/check`),
);
process.once('SIGTERM', () => server.close(() => void engine.close()));

async function encodeFolder(path) {
  const records = [];
  for await (const { photo, faces, error } of engine.encodeAll(await NamedPhotos.of([path]))) {
    if (error) console.error(error.message);
    else records.push({ id: relative(path, photo), encodings: faces.map((face) => face.encoding) });
  }
  return records;
}

function limitLoad(_request, response, next) {
  if (atOnce >= mostAtOnce) {
    response
      .set('Retry-After', '1')
      .status(503)
      .json({ error: { code: 'BUSY', message: 'Try again in a second.' } });
    return;
  }
  atOnce++;
  response.once('close', () => atOnce--);
  next();
}

async function check(request, response) {
  // Express leaves the body undefined, or an object, where the type is not that of an image.
  if (!Buffer.isBuffer(request.body))
    throw problem(415, 'NOT_A_PHOTO', 'Send a photo with Content-Type: image/….');
  const faces = await engine.encode(request.body);
  if (faces.length === 0) throw problem(422, 'NO_FACE', 'There is no face on this photo.');
  if (faces.length > 1) throw problem(422, 'SEVERAL_FACES', `There are ${faces.length} faces on this photo.`);
  // No file has this name.
  const upload = { id: '\0', encodings: [faces[0].encoding] };
  const pairs = await findDuplicates([upload], { against: known });
  const matches = pairs.map(({ first, second, distance }) => ({
    photo: first === upload.id ? second : first,
    distance,
  }));
  response.json({ known: matches.length > 0, matches });
}

function problem(status, code, message) {
  return Object.assign(new Error(message), { status, code });
}

/** Typed errors become statuses; what a client did not cause is logged here and not told there. */
// eslint-disable-next-line @typescript-eslint/no-unused-vars -- Express tells error handlers by their four parameters.
function answerError(error, _request, response, _next) {
  const status = statusOf(error);
  if (status >= 500) console.error(error);
  const { code = 'FAILED', message } = status >= 500 ? { message: 'The check failed.' } : error;
  response.status(status).json({ error: { code, message } });
}

function statusOf(error) {
  if (error instanceof PhotoTooLargeError) return 413;
  if (error instanceof PhotoFormatError) return 422;
  if (error instanceof FaceDedupError) return error.code === 'PHOTO_EMPTY' ? 422 : 500;
  // Express's own, such as a body over the limit, and ours.
  return error.status ?? 500;
}
