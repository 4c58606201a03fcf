// The review and admin page in a real Chromium, on a real server over a store of its own.

import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import sharp from 'sharp';
import t, { type Test } from 'tap';
import type { ApiDecision, ApiPage } from '../../lib/server/api.js';
import type { FaceServer, ServerOptions } from '../../lib/server/index.js';
import { FaceStore } from '../../lib/store/index.js';
import { launchBrowser, screenshotPath, skipWithoutBrowser } from '../fixtures/browser.js';
import { cellPhoto, versionedModels } from '../fixtures/model_versions.js';
import { prototxtName, weightsName } from '../fixtures/model_folder.js';
import { watchedPage } from '../fixtures/page_watch.js';
import { examplePhotos, skipWithout } from '../fixtures/places.js';
import {
  askerOf,
  configIn,
  filledPlace,
  findingsOf,
  keepPhoto,
  pairOf,
  type Place,
  serverOn,
  token,
} from '../fixtures/review_server.js';

if (skipWithoutBrowser) t.test('the review page', { skip: skipWithoutBrowser }, () => undefined);
const browser = skipWithoutBrowser ? undefined : await launchBrowser(t);

/** Beside the test's own folder, which begins anew with each place. */
function ownFolder(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'facededup-page-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return folder;
}

function inBrowser(name: string, body: (t: Test) => Promise<void>, skip: string | false = false): void {
  if (browser) t.test(name, { skip }, body);
}

const drawnFace = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#c9a58f' } })
  .png()
  .toBuffer();

interface Scene {
  readonly server: FaceServer;
  readonly place: Place;
  readonly page: Page;
  readonly complaints: string[];
  readonly elsewhere: string[];
  readonly decisions: () => Promise<readonly ApiDecision[]>;
}

interface SceneOptions {
  readonly path?: string;
  readonly browser?: BrowserContextOptions;
  readonly server?: Partial<ServerOptions>;
  readonly fill?: (store: FaceStore, place: Place) => void;
  /** Default four photos, of which a run found three pairs. */
  readonly place?: Place;
  /** Before the page asks for anything. */
  readonly prepare?: (page: Page) => Promise<unknown>;
}

/** Faces are drawn ones, so that no models are needed. */
async function scene(test: Test, options: SceneOptions = {}): Promise<Scene> {
  const place = options.place ?? (await filledPlace(test));
  if (options.fill) {
    const store = new FaceStore(place.store);
    options.fill(store, place);
    store.close();
  }
  const server = await serverOn(test, place, options.server);
  const address = await server.listen();
  const watched = await watchedPage(test, browser as Browser, address, options.browser);
  const { page } = watched;
  await page.route('**/photos/face?*', (route) =>
    route.fulfill({ contentType: 'image/png', body: drawnFace }),
  );
  await options.prepare?.(page);
  await page.goto(`${address}/${options.path ?? ''}`);
  const ask = askerOf(server);
  const decisions = async () =>
    (await ask<ApiPage<ApiDecision>>('GET', '/api/sets/default/decisions')).body.items;
  return { server, place, ...watched, decisions };
}

async function judgeable(page: Page, progress: string): Promise<void> {
  await page.getByText(progress, { exact: true }).waitFor();
  await page.locator('.answer-same[aria-disabled=false]').waitFor();
}

async function saved(page: Page): Promise<void> {
  await page.getByText('All saved', { exact: true }).waitFor();
}

const keysOf = (decisions: readonly ApiDecision[]) =>
  decisions.map(({ kind, verdict, first, second }) => [
    kind,
    verdict,
    first.split('/').at(-1),
    second.split('/').at(-1),
  ]);

inBrowser('verdicts given by key reach the store, newest first', async (t) => {
  const { page, decisions, complaints, elsewhere } = await scene(t);
  await judgeable(page, '1 of 3 open pairs');
  await page.keyboard.press('s');
  await judgeable(page, '2 of 3 open pairs');
  await page.keyboard.press('2');
  await judgeable(page, '3 of 3 open pairs');
  await page.keyboard.press('u');
  await page.getByRole('heading', { name: 'All decided' }).waitFor();
  await saved(page);
  t.same(keysOf(await decisions()), [
    ['photo', 'unsure', 'c.jpg', 'd.jpg'],
    ['photo', 'different', 'b.jpg', 'c.jpg'],
    ['reference', 'same', 'person-1', 'person-2'],
  ]);
  t.same(complaints, []);
  t.same(elsewhere, [], 'nothing is asked of anyone but the server');
});

inBrowser('a verdict that is undone is gone from the store, and the pair is shown again', async (t) => {
  const { page, decisions } = await scene(t);
  await judgeable(page, '1 of 3 open pairs');
  await page.keyboard.press('d');
  await judgeable(page, '2 of 3 open pairs');
  await page.keyboard.press('Control+z');
  await judgeable(page, '1 of 3 open pairs');
  await page.getByText('No verdict yet').waitFor();
  await saved(page);
  t.same(await decisions(), []);
});

inBrowser('undo takes back the reviewer’s own verdict, not the later one of another', async (t) => {
  const { page, server, place, decisions } = await scene(t);
  await judgeable(page, '1 of 3 open pairs');
  await page.keyboard.press('d');
  await judgeable(page, '2 of 3 open pairs');
  await saved(page);
  const [, , c, d] = place.photos;
  await askerOf(server)('POST', '/api/sets/default/decisions', {
    kind: 'photo',
    first: c,
    second: d,
    verdict: 'same',
  });
  await page.keyboard.press('z');
  await judgeable(page, '1 of 3 open pairs');
  await saved(page);
  t.same(keysOf(await decisions()), [['photo', 'same', 'c.jpg', 'd.jpg']]);
});

inBrowser('a key that is held down decides one pair', async (t) => {
  const { page, decisions } = await scene(t);
  await judgeable(page, '1 of 3 open pairs');
  await page.keyboard.down('d');
  await judgeable(page, '2 of 3 open pairs');
  await page.keyboard.down('d');
  await page.keyboard.down('d');
  await page.keyboard.up('d');
  await saved(page);
  t.equal((await decisions()).length, 1);
  t.ok(await page.getByText('2 of 3 open pairs').isVisible());
});

inBrowser('a double click decides one pair', async (t) => {
  const { page, decisions } = await scene(t);
  await judgeable(page, '1 of 3 open pairs');
  await page.getByRole('button', { name: 'Different people' }).dblclick({ delay: 60 });
  await judgeable(page, '2 of 3 open pairs');
  await saved(page);
  t.equal((await decisions()).length, 1);
});

inBrowser('a verdict can be given by a click, with a reason', async (t) => {
  const { page, decisions } = await scene(t, { path: '#/sets/default/pairs/2' });
  await judgeable(page, '3 of 3 open pairs');
  await page.keyboard.press('r');
  await page.keyboard.type('sisters');
  await page.getByRole('button', { name: 'Different people' }).click();
  await page.getByRole('heading', { name: 'You have come to the end' }).waitFor();
  await saved(page);
  t.match(await decisions(), [{ verdict: 'different', reason: 'sisters' }]);
});

inBrowser('letters typed into a field give no verdict', async (t) => {
  const { page, decisions } = await scene(t);
  await judgeable(page, '1 of 3 open pairs');
  await page.getByRole('textbox', { name: 'Reason' }).click();
  await page.keyboard.type('sudden 123');
  t.ok(await page.getByText('1 of 3 open pairs').isVisible());
  t.same(await decisions(), []);
});

inBrowser('a verdict that could not be saved is told, kept, and saved on demand', async (t) => {
  const { page, decisions } = await scene(t);
  await judgeable(page, '1 of 3 open pairs');
  await page.route('**/decisions', (route) =>
    route.fulfill({
      status: 503,
      json: { error: { code: 'FACE_STORE_BUSY', message: 'Another program writes.' } },
    }),
  );
  await page.keyboard.press('s');
  await judgeable(page, '2 of 3 open pairs');
  await page.keyboard.press('d');
  await page.getByText('2 verdicts not saved.').waitFor();
  t.match(await page.getByRole('alert').allTextContents(), [/Another program writes/]);
  t.same(await decisions(), []);
  await page.unroute('**/decisions');
  await page.getByRole('button', { name: 'Save again' }).click();
  await saved(page);
  t.same(
    (await decisions()).map(({ verdict }) => verdict),
    ['different', 'same'],
  );
});

inBrowser('what is given up is shown as open again', async (t) => {
  const { page, decisions } = await scene(t);
  await judgeable(page, '1 of 3 open pairs');
  await page.route('**/decisions', (route) => route.abort());
  await page.keyboard.press('s');
  await page.getByRole('button', { name: 'Give up what is not saved' }).click();
  await judgeable(page, '2 of 3 open pairs');
  await page.keyboard.press('k');
  await judgeable(page, '1 of 3 open pairs');
  t.ok(await page.getByText('No verdict yet').isVisible());
  t.same(await decisions(), []);
});

inBrowser('a server that does not answer is told, and the page goes on by itself', async (t) => {
  const { page, decisions } = await scene(t);
  await judgeable(page, '1 of 3 open pairs');
  await page.context().setOffline(true);
  await page.keyboard.press('s');
  await page.getByText('The server does not answer.').first().waitFor();
  await page.context().setOffline(false);
  await saved(page);
  t.equal((await decisions()).length, 1);
  t.notOk(await page.locator('.offline').isVisible());
});

inBrowser('of faces that cannot be seen only unsure can be said', async (t) => {
  const { page, decisions } = await scene(t, {
    prepare: (page) => page.route('**/photos/face?*', (route) => route.abort()),
  });
  await page.getByText('What cannot be seen cannot be judged').waitFor();
  await page.keyboard.press('s');
  await page.keyboard.press('d');
  await page.keyboard.press('u');
  await page.getByText('2 of 3 open pairs').waitFor();
  await saved(page);
  t.same(
    (await decisions()).map(({ verdict }) => verdict),
    ['unsure'],
  );
});

inBrowser('a photo that was replaced since the run is told as such, and not judged', async (t) => {
  const { page, decisions } = await scene(t, {
    fill: (_store, { photos: [a, b] }) => copyFileSync(b, a),
    prepare: (page) => page.unroute('**/photos/face?*'),
  });
  await page.getByText('has changed since it was encoded. Run find again.').waitFor();
  await page.getByText('What cannot be seen cannot be judged').waitFor();
  await page.keyboard.press('s');
  t.ok(await page.getByText('1 of 3 open pairs').isVisible());
  t.same(await decisions(), []);
});

inBrowser('the whole photos are shown on demand, the face marked in the photo’s own pixels', async (t) => {
  const { page } = await scene(t);
  await judgeable(page, '1 of 3 open pairs');
  await page.keyboard.press('f');
  const overlay = page.locator('.whole-photo svg').first();
  await overlay.waitFor();
  t.equal(await overlay.getAttribute('viewBox'), '0 0 200 100');
  const box = page.locator('.whole-photo .face-box').first();
  t.same(await Promise.all(['x', 'y', 'width', 'height'].map((name) => box.getAttribute(name))), [
    '10',
    '20',
    '40',
    '40',
  ]);
});

const hostile = '/<img src=x onerror=alert(1)>"\'&\u202egpj.jpg';

inBrowser('names that hold HTML or turn the line around are shown, and not run', async (t) => {
  const fill: SceneOptions['fill'] = (store, { root, photos: [a] }) => {
    const set = store.set();
    keepPhoto(set, root + hostile, '<script>alert(2)</script>');
    set.runs.keep(
      findingsOf(
        [
          pairOf(root + hostile, a, 0.1, {
            firstReference: '<script>alert(2)</script>',
            secondReference: 'person-1',
          }),
        ],
        [[root + hostile, a]],
      ),
    );
  };
  const { page, complaints } = await scene(t, { fill });
  const shown = '<img src=x onerror=alert(1)>"\'&\\u202egpj.jpg';
  await judgeable(page, '1 of 1 open pair');
  t.ok(await page.locator('.stage').getByText(shown).first().isVisible());
  await page.keyboard.press('d');
  await saved(page);
  for (const view of ['list', 'groups', 'decisions', 'runs']) {
    await page.goto(page.url().replace(/#.*/, `#/sets/default/${view}`));
    await page
      .getByText(view === 'decisions' ? '<script>alert(2)</script>' : view === 'runs' ? 'Run 2' : shown)
      .first()
      .waitFor();
  }
  t.equal(await page.locator('img[src=x], main script').count(), 0);
  t.same(
    complaints.filter((complaint) => !complaint.includes('404')),
    [],
    'no dialog, no script',
  );
});

inBrowser('pairs are filtered and found, and a link leads to the same pair', async (t) => {
  const { page } = await scene(t, { path: '#/sets/default/pairs/1' });
  await judgeable(page, '2 of 3 open pairs');
  await page.getByLabel('New since the last run').check();
  await judgeable(page, '1 of 2 new open pairs');
  t.match(page.url(), /#\/sets\/default\/pairs\/0\?new=1$/);
  await page.getByRole('searchbox').fill('d.jpg');
  await page.keyboard.press('Enter');
  await judgeable(page, '1 of 1 new open pair with ‘d.jpg’');
  await page.reload();
  await judgeable(page, '1 of 1 new open pair with ‘d.jpg’');
  await page.getByRole('button', { name: 'Same', exact: true }).click();
  await page.getByRole('heading', { name: 'No pair is like this' }).waitFor();
});

inBrowser('of a list of three thousand pairs only those in sight are in the page', async (t) => {
  const fill: SceneOptions['fill'] = (store, { root }) => {
    const pairs = Array.from({ length: 3000 }, (_, index) =>
      pairOf(join(root, `${index}-a.jpg`), join(root, `${index}-b.jpg`), 0.1 + index / 10_000),
    );
    store.set().runs.keep(findingsOf(pairs));
  };
  const { page } = await scene(t, { path: '#/sets/default/list', fill });
  await page.getByText('3,000 pairs').waitFor();
  await page.getByText('0-a.jpg').first().waitFor();
  t.ok((await page.locator('.pair-row').count()) < 60);
  await page.locator('.pair-row').first().focus();
  await page.keyboard.press('End');
  await page.getByText('2999-a.jpg').waitFor();
  await page.keyboard.press('Enter');
  await judgeable(page, '3,000 of 3,000 pairs');
});

inBrowser('a token opens the door, and a wrong one is told', async (t) => {
  const { page, complaints } = await scene(t, { server: { token } });
  await page.getByRole('heading', { name: 'Log in' }).waitFor();
  await page.screenshot({ path: screenshotPath('review-login') });
  await page.locator('#token').fill('not the right one');
  await page.keyboard.press('Enter');
  await page.getByText('This is not the token of this server.').waitFor();
  await page.locator('#token').fill(token);
  await page.keyboard.press('Enter');
  await judgeable(page, '1 of 3 open pairs');
  t.match(complaints, [/401/]);
});

inBrowser('a session that ends asks for the token again, and what was decided is saved then', async (t) => {
  const { page } = await scene(t, { server: { token } });
  await page.locator('#token').fill(token);
  await page.keyboard.press('Enter');
  await judgeable(page, '1 of 3 open pairs');
  await page.context().clearCookies();
  await page.keyboard.press('s');
  await page.locator('#token').fill(token);
  await page.keyboard.press('Enter');
  await saved(page);
  await page.goto(page.url().replace(/#.*/, '#/sets/default/decisions'));
  await page.getByText('1 decision', { exact: true }).waitFor();
});

inBrowser('a setting out of its range is refused beside its field, and one within is kept', async (t) => {
  const { page, place, complaints } = await scene(t, { path: '#/settings' });
  const file = join(place.folder, 'facededup.config.json');
  const threshold = page.getByLabel('threshold', { exact: true });
  await threshold.fill('-1');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('‘-1’ is not a number in its range. Above 0, up to 2.').waitFor();
  t.equal(await threshold.getAttribute('aria-invalid'), 'true');
  t.same(JSON.parse(readFileSync(file, 'utf8')), {}, 'the file is as it was');
  await threshold.fill('0.35');
  await page.getByLabel('meanValues').fill('104, 117, 123');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved. The next run takes them.').waitFor();
  t.same(JSON.parse(readFileSync(file, 'utf8')), { threshold: 0.35, meanValues: [104, 117, 123] });
  t.same(complaints, []);
});

inBrowser('a setting that the environment holds is shown and cannot be changed', async (t) => {
  process.env['NMS_THRESHOLD'] = '0.3';
  t.teardown(() => Reflect.deleteProperty(process.env, 'NMS_THRESHOLD'));
  const { page } = await scene(t, { path: '#/settings' });
  const field = page.getByLabel('nmsThreshold');
  await field.waitFor();
  t.ok(await field.isDisabled());
  t.equal(await field.inputValue(), '0.3');
  t.ok(await page.getByText('Set by the environment variable NMS_THRESHOLD').isVisible());
});

inBrowser('a decision is taken back, a pair is ignored, and the list is exported', async (t) => {
  const fill: SceneOptions['fill'] = (store) => {
    const { decisions } = store.set();
    decisions.decide({
      kind: 'reference',
      first: '=1+1',
      second: 'B',
      verdict: 'same',
      reason: 'say "aha", ok',
    });
    decisions.decide({ kind: 'reference', first: 'C', second: 'D', verdict: 'unsure' });
  };
  const { page, decisions, complaints } = await scene(t, { path: '#/sets/default/decisions', fill });
  await page.getByText('2 decisions', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Take back: Unsure: C and D' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Take it back' }).click();
  await page.getByText('1 decision', { exact: true }).waitFor();
  await page.getByText('Ignore a pair').click();
  await page.getByLabel('First').fill('E');
  await page.getByLabel('Second').fill('F');
  await page.getByRole('button', { name: 'Ignore this pair' }).click();
  await page.getByText('2 decisions', { exact: true }).waitFor();
  t.same(keysOf(await decisions()), [
    ['reference', 'different', 'E', 'F'],
    ['reference', 'same', '=1+1', 'B'],
  ]);
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Export as CSV' }).click(),
  ]);
  const csv = readFileSync(await download.path(), 'utf8').split('\r\n');
  t.equal(csv[0], 'kind,first,second,verdict,reason,decided_at');
  t.match(csv[2], /^reference,'=1\+1,B,same,"say ""aha"", ok",/);
  t.same(complaints, []);
});

inBrowser(
  'a run is started, watched to its end, and its pairs are reviewed',
  async (t) => {
    const { page, complaints, elsewhere } = await scene(t, {
      path: '#/sets/people/pairs',
      fill: (store) => void store.set('people'),
      server: {
        set: 'people',
        roots: [join(examplePhotos ?? '', 'johns', 'John_Simm')],
        config: await configIn(ownFolder(t), { detector: 'hog' }),
      },
      prepare: (page) => page.unroute('**/photos/face?*'),
    });
    await page.getByRole('heading', { name: 'No run yet' }).waitFor();
    await page.getByRole('link', { name: 'Start a run' }).click();
    await page.getByRole('button', { name: /John_Simm/ }).click();
    await page.getByLabel('Threshold').fill('0.6');
    await page.getByRole('button', { name: 'Start the run' }).click();
    await page.getByRole('progressbar', { name: 'Progress of the run' }).waitFor();
    await page.getByRole('article').getByRole('heading', { name: 'Done' }).waitFor({ timeout: 120_000 });
    await page.getByText(', every one accounted for').waitFor();
    await page.screenshot({ path: screenshotPath('review-run-done') });
    await page.getByRole('article').getByRole('link', { name: 'Review its pairs' }).click();
    await page.locator('.answer-same[aria-disabled=false]').waitFor();
    t.ok(
      await page
        .locator('.face-image')
        .evaluateAll((images) =>
          images.every((image) => (image as unknown as { naturalWidth: number }).naturalWidth >= 150),
        ),
      'both faces are cut from the photos',
    );
    await page.screenshot({ path: screenshotPath('review-photos') });
    t.same(
      complaints.filter((complaint) => !complaint.includes('404')),
      [],
    );
    t.same(elsewhere, []);
  },
  skipWithout.examples || skipWithout.dlib,
);

inBrowser('the form of a run says what is set', async (t) => {
  const config = await configIn(ownFolder(t), { threshold: 0.55, detector: 'hog', faces: 'largest' });
  const { page } = await scene(t, { path: '#/sets/default/runs', server: { config } });
  await page.getByText('As set: threshold 0.55, detector hog.').waitFor();
  t.equal(await page.getByLabel('Threshold').getAttribute('placeholder'), '0.55, as set');
  t.match(
    await page.getByLabel('A photo with several faces').textContent(),
    /As set: Compare its largest face/,
  );
});

inBrowser('a set that the server does not know is told from one without a run', async (t) => {
  const { page } = await scene(t, { path: '#/sets/nope/pairs', fill: (store) => void store.set('empty') });
  await page.getByRole('heading', { name: 'No such set' }).waitFor();
  await page.goto(page.url().replace('nope', 'empty'));
  await page.getByRole('heading', { name: 'No run yet' }).waitFor();
});

inBrowser('who logs out sees the log-in again', async (t) => {
  const { page } = await scene(t, { server: { token } });
  await page.locator('#token').fill(token);
  await page.keyboard.press('Enter');
  await judgeable(page, '1 of 3 open pairs');
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('heading', { name: 'Log in' }).waitFor();
  await page.reload();
  await page.getByRole('heading', { name: 'Log in' }).waitFor();
});

inBrowser('a place outside the roots is refused with a sentence', async (t) => {
  const { page } = await scene(t, { path: '#/sets/default/runs' });
  await page.getByLabel('Photos and folders').fill('/etc');
  await page.getByRole('button', { name: 'Start the run' }).click();
  await page.getByText('lies outside the folders that this server may read').waitFor();
  t.ok(await page.getByRole('button', { name: 'Start the run' }).isEnabled());
});

inBrowser('a model is uploaded, checked and used, and the one before put back', async (t) => {
  const { folder, models, use } = versionedModels(t);
  await use('old');
  const { page, complaints } = await scene(t, {
    path: '#/models',
    server: { models, config: await configIn(folder, { meanValues: [0, 0, 0] }) },
    place: placeIn(folder),
  });
  await page.getByText('In use', { exact: true }).waitFor();
  await page.getByLabel('Network (.prototxt)').setInputFiles(join(folder, 'new', prototxtName));
  await page.getByLabel('Weights (.caffemodel)').setInputFiles(join(folder, 'new', weightsName));
  const photo = { name: 'cells.png', mimeType: 'image/png', buffer: await cellsAsPng() };
  await page.getByLabel('Photo to try it on').setInputFiles(photo);
  await page.getByLabel('Faces on that photo').fill('1');
  await page.getByLabel('Name of the version').fill('new');
  await page.getByRole('button', { name: 'Upload and use' }).click();
  await page.getByText(/^(Version new is in use\.|The model was not taken)/).waitFor();
  await page.screenshot({ path: screenshotPath('review-models'), fullPage: true });
  t.equal(await page.locator('.version').count(), 2);
  await page.getByRole('button', { name: 'Roll back to the one before' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Roll back' }).click();
  await page.locator('.version', { hasText: 'In use' }).getByText('old', { exact: true }).waitFor();
  t.same(complaints, []);
});

inBrowser('a file that is no model is refused with what the check said', async (t) => {
  const { folder, models, use } = versionedModels(t);
  await use('old');
  const { page } = await scene(t, { path: '#/models', server: { models }, place: placeIn(folder) });
  await page.getByLabel('Network (.prototxt)').setInputFiles(join(folder, 'new', prototxtName));
  await page.getByLabel('Weights (.caffemodel)').setInputFiles(join(folder, 'new', prototxtName));
  await page.getByRole('button', { name: 'Upload and use' }).click();
  await page.getByText(/^The model was not taken: /).waitFor();
  await page.locator('.version', { hasText: 'In use' }).getByText('old', { exact: true }).waitFor();
});

/** Beside what else a test keeps in its folder. */
function placeIn(folder: string): Place {
  return { folder, root: folder, store: join(folder, 'faces.db'), photos: ['', '', '', ''] };
}

function cellsAsPng(): Promise<Buffer> {
  const { data, width, height } = cellPhoto;
  return sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
}

const views = [
  'sets/default/pairs',
  'sets/default/list',
  'sets/default/groups',
  'sets/default/runs',
  'sets/default/decisions',
  'models',
  'settings',
] as const;

const looks = [
  { name: 'light', browser: { colorScheme: 'light' } },
  { name: 'dark', browser: { colorScheme: 'dark' } },
  { name: 'narrow', browser: { viewport: { width: 360, height: 740 }, hasTouch: true } },
] as const;

for (const { name, browser: options } of looks)
  inBrowser(`every view can be read and used: ${name}`, async (t) => {
    const fill: SceneOptions['fill'] = (store, { photos: [a, b] }) =>
      void store
        .set()
        .decisions.decide({ kind: 'photo', first: a, second: b, verdict: 'unsure', reason: 'Twins?' });
    const { page, complaints } = await scene(t, { browser: options, fill });
    for (const view of views) {
      await page.goto(page.url().replace(/#.*|$/, `#/${view}`));
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.waitForLoadState('networkidle');
      await imagesShown(page);
      await page.screenshot({ path: screenshotPath(`review-${view.split('/').at(-1) ?? ''}-${name}`) });
      t.ok(await fitsItsWidth(page), `${view} is not wider than the screen`);
      t.same(await withoutName(page), [], `${view}: every control has a name, every image an alt text`);
    }
    t.same(complaints, []);
  });

inBrowser('Tab reaches the content first, and the views by their links', async (t) => {
  const { page } = await scene(t);
  await judgeable(page, '1 of 3 open pairs');
  await page.keyboard.press('Tab');
  t.equal(await page.locator(':focus').textContent(), 'Skip to the content');
  await page.keyboard.press('Enter');
  t.equal(await page.locator(':focus').textContent(), 'Review');
  await page.getByRole('link', { name: 'Settings' }).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  t.equal(await page.locator(':focus').textContent(), 'Settings', 'the focus goes along');
});

inBrowser('the keys are listed, and can be turned off', async (t) => {
  const { page, decisions } = await scene(t);
  await judgeable(page, '1 of 3 open pairs');
  await page.keyboard.press('?');
  await page.getByRole('dialog').getByText('Take the last verdict back').waitFor();
  await page.keyboard.press('s');
  await page.getByLabel('Keys act on this page').uncheck();
  await page.keyboard.press('Escape');
  await page.keyboard.press('s');
  t.ok(await page.getByText('1 of 3 open pairs').isVisible());
  t.same(await decisions(), []);
});

/** As a string, which the page's own policy lets only the browser's tools evaluate. */
function imagesShown(page: Page): Promise<unknown> {
  return page.evaluate(`Promise.all([...document.images].map((image) => {
    image.loading = 'eager';
    return image.decode().catch(() => undefined);
  }))`);
}

function fitsItsWidth(page: Page): Promise<boolean> {
  return page.evaluate('document.documentElement.scrollWidth <= document.documentElement.clientWidth');
}

function withoutName(page: Page): Promise<string[]> {
  return page.evaluate(`[
    ...[...document.querySelectorAll('input, select, textarea')].filter((field) =>
      field.labels.length === 0 && !field.ariaLabel),
    ...[...document.querySelectorAll('button, a')].filter((each) => !each.textContent.trim() && !each.ariaLabel),
    ...[...document.querySelectorAll('img')].filter((image) => !image.hasAttribute('alt')),
  ].map((each) => each.outerHTML)`);
}
