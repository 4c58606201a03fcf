// Which photos a place covers: what `--drop-gone` may forget.

import { join } from 'node:path';
import t from 'tap';
import { NamedPhotos } from '../../lib/photos/named_photos.js';

t.test('a container covers its blobs, not those of another whose name begins alike', async (t) => {
  const whole = await NamedPhotos.of(['azure:photos']);
  t.ok(whole.covers('azure:photos/2026/a.jpg'));
  t.notOk(whole.covers('azure:photos-of-others/a.jpg'));
  const part = await NamedPhotos.of(['azure:photos/2026/']);
  t.ok(part.covers('azure:photos/2026/a.jpg'));
  t.notOk(part.covers('azure:photos/2025/a.jpg'));
  t.notOk(part.covers('azure:No Container/a.jpg'), 'a name that came from a file');
});

t.test('a folder covers what is below it, not what is beside it', async (t) => {
  const folder = t.testdir({ photos: { 'a.jpg': '' } });
  const photos = await NamedPhotos.of([join(folder, 'photos')]);
  t.ok(photos.covers(join(folder, 'photos', 'deep', 'b.jpg')));
  t.notOk(photos.covers(join(folder, 'photos of others', 'b.jpg')));
  t.notOk(photos.covers('azure:photos/a.jpg'));
});
