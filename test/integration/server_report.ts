// The report of a run over HTTP: a file of its own, with nothing from outside the roots, and nothing left behind.

import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { FaceStore } from '../../lib/store/index.js';
import { skipWithout } from '../fixtures/places.js';
import { askerOf, filledPlace, findingsOf, keepPhoto, pairOf, serverOn } from '../fixtures/review_server.js';

const report = '/api/sets/default/runs/latest/report';

const jpegInBase64 = /\/9j\/[\w+/]{40}/;

const leftFolders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('facededup-report-'));

t.test(
  'a run comes as an HTML file, and its temporary folder goes',
  { skip: skipWithout.dlib },
  async (t) => {
    const before = leftFolders();
    const ask = askerOf(await serverOn(t, await filledPlace(t)));
    const { status, headers, body } = await ask<Buffer>('GET', report);
    t.equal(status, 200);
    t.match(headers, {
      'content-type': 'text/html; charset=utf-8',
      'content-disposition': 'attachment; filename="facededup-run-1.html"',
      'cache-control': 'private, no-store',
    });
    t.match(body.toString(), /^<!doctype html>/i);
    t.match(body.toString(), jpegInBase64);
    while (leftFolders().length > before.length) await new Promise((resolve) => setTimeout(resolve, 10));
    t.same(leftFolders(), before);
  },
);

t.test('photos outside the roots are named in it, and not shown', { skip: skipWithout.dlib }, async (t) => {
  const place = await filledPlace(t);
  const outside = join(place.folder, 'outside');
  mkdirSync(outside);
  const photos = ['x.jpg', 'y.jpg'].map((name) => join(outside, name)) as [string, string];
  photos.forEach((photo) => copyFileSync(place.photos[0], photo));
  const store = new FaceStore(place.store);
  const set = store.set();
  photos.forEach((photo) => keepPhoto(set, photo));
  set.runs.keep(findingsOf([pairOf(...photos, 0.1)], [photos]));
  store.close();
  const ask = askerOf(await serverOn(t, place));
  const { status, body } = await ask<Buffer>('GET', report);
  t.equal(status, 200);
  t.match(body.toString(), 'x.jpg');
  t.notMatch(body.toString(), jpegInBase64);
});

t.test('a run that is not there has no report', async (t) => {
  const ask = askerOf(await serverOn(t, await filledPlace(t)));
  t.match(await ask('GET', '/api/sets/default/runs/9/report'), { status: 404 });
});
