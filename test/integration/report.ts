// The report in a real browser: opened from disk, searched, filtered, driven by keys, printed; and made on the command line.

import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { type ReportOptions, writeReport } from '../../lib/report/index.js';
import type { Findings } from '../../lib/runs/findings.js';
import { accessibilityProblems } from '../fixtures/accessibility.js';
import { launchBrowser, screenshotPath, skipWithoutBrowser } from '../fixtures/browser.js';
import { facededup } from '../fixtures/command_line.js';
import { drawingEngine, drawnPhotos, findingsOf, manyPairs, pairOf } from '../fixtures/findings.js';
import { examplePhotos, skipWithout } from '../fixtures/places.js';

const skip = skipWithoutBrowser;
const engine = await drawingEngine();
const hostile = [
  '"><img src=x onerror="window.hacked=1">.jpg',
  "</script><script>window.hacked=1<'script>.jpg".replaceAll('/', '\u2215'),
  'line\nbreak \u202egpj.exe.jpg',
  '<b>bold<\u2215b>&amp;.jpg',
];

/** Writes a report and opens it from disk; whatever the page says or asks for is noted. */
async function opened(
  t: Test,
  browser: Browser,
  findings: Findings,
  { photos, ...context }: BrowserContextOptions & Pick<ReportOptions, 'photos'> = {},
) {
  const out = join(t.testdirName, 'report.html');
  await writeReport(out, findings, { engine, photos });
  // Colours on their way from one to another are no colours to measure.
  const page = await (await browser.newContext({ reducedMotion: 'reduce', ...context })).newPage();
  const said: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(error.message));
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(pathToFileURL(out).href);
  return { page, out, said, requests };
}

async function somePhotos(t: Test, names: readonly string[]): Promise<string[]> {
  return drawnPhotos(join(t.testdir({}), 'photos'), names);
}

/** 12 pairs of 6 photos, with all there may be beside pairs. */
async function smallFindings(t: Test): Promise<Findings> {
  const photos = await somePhotos(t, [
    'anna-1.jpg',
    'anna-2.jpg',
    'ben.jpg',
    'cy.jpg',
    'dora.jpg',
    'eve.jpg',
  ]);
  const pairs = manyPairs(photos, 12).map((pair, index) =>
    index === 0 ? { ...pair, firstReference: 'HH-001', secondReference: 'HH-002' } : pair,
  );
  return findingsOf(pairs, {
    run: 7,
    withoutFace: ['/photos/wall.jpg'],
    failed: [{ photo: '/photos/<broken>.jpg', code: 'PHOTO_TRUNCATED', message: 'It ends too early.' }],
  });
}

const items = (page: Page) => page.locator('[role="feed"]:visible article');
const status = (page: Page) => page.getByRole('status').textContent();

t.test('a report', { skip }, async (t) => {
  const browser = await launchBrowser(t);

  t.test('opens from disk, says nothing, and asks the network for nothing', async (t) => {
    const { page, out, said, requests } = await opened(t, browser, await smallFindings(t));
    await page.waitForFunction(() =>
      [...document.images].every(({ complete, naturalWidth }) => complete && naturalWidth > 0),
    );
    t.same(said, []);
    t.same(
      requests.filter((url) => !url.startsWith('data:image/jpeg;base64,')),
      [pathToFileURL(out).href],
    );
    t.equal(await status(page), '12 pairs');
    t.match(await page.locator('h1').textContent(), '12 pairs of photos that may show the same person');
    t.match(await page.locator('.lead').textContent(), /^8 photos \(6 encoded now\): 6 compared/);
    t.match(
      await page.locator('.histogram').getAttribute('aria-label'),
      /12 pairs, all below the threshold of 0.6/,
    );
    await page.screenshot({ path: screenshotPath('report-light'), fullPage: true });
  });

  t.test('its figures add up, and name every photo without a pair', async (t) => {
    const { page } = await opened(t, browser, await smallFindings(t));
    const ledgers = await page
      .locator('.ledger')
      .evaluateAll((lists) =>
        lists.map((list) => [...list.querySelectorAll('dd')].map((cell) => Number(cell.textContent))),
      );
    t.same(ledgers, [
      [6, 1, 1, 8],
      [6, 3, 3, 0, 12],
    ]);
    await page.getByText('failed', { exact: true }).click();
    t.ok(await page.getByText('/photos/<broken>.jpg').isVisible());
    t.ok(await page.getByText('It ends too early. [PHOTO_TRUNCATED]').isVisible());
    t.ok(await page.getByText('95 % interval 0.8 to 1.6, among 1000 pairs of faces compared.').isVisible());
    t.ok(await page.getByText('Measured on photos that were drawn for this test.').isVisible());
  });

  t.test('can be searched, filtered and sorted', async (t) => {
    const { page } = await opened(t, browser, await smallFindings(t));
    const search = page.getByRole('searchbox');
    await search.fill('ANNA cy');
    t.equal(await status(page), '2 of 12 pairs');
    await search.fill('hh-002');
    t.equal(await items(page).count(), 5, 'all pairs of the photo that belongs to this record');
    await search.fill('nobody');
    t.ok(await page.getByText('Nothing matches the search and the filters.').isVisible());
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.getByLabel('Verdict').selectOption('unsure');
    t.equal(await items(page).count(), 3);
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.getByLabel('Only new').check();
    t.equal(await items(page).count(), 4);
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.getByLabel('Least distance').fill('0.5');
    t.equal(await items(page).count(), 2, 'of 12 distances from 0.1 to 0.557');
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.getByLabel('Order').selectOption('farthest');
    t.match(await items(page).first().getAttribute('aria-label'), /^Pair 12:/);
  });

  t.test('goes by keys', async (t) => {
    const { page, said } = await opened(t, browser, await smallFindings(t));
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '');
    await page.keyboard.press('j');
    t.match(await focused(), /^Pair 1: /);
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    t.match(await focused(), /^Pair 2: anna-1.jpg and ben.jpg, distance 0.142/);
    await page.keyboard.press('Enter');
    const dialog = page.locator('.pair-dialog');
    t.match(await dialog.locator('h2').textContent(), 'Pair 2 of 12');
    t.equal(await dialog.locator('.whole-photo img').count(), 2);
    t.match(await dialog.locator('.face-box').first().getAttribute('width'), '124');
    t.same(await accessibilityProblems(page), []);
    await page.screenshot({ path: screenshotPath('report-pair') });
    await page.keyboard.press('j');
    t.match(await dialog.locator('h2').textContent(), 'Pair 3 of 12');
    await page.keyboard.press('Escape');
    t.notOk(await dialog.isVisible());
    t.match(await focused(), /^Pair 3: /);
    await page.keyboard.press('/');
    await page.keyboard.type('jk?');
    t.equal(await page.getByRole('searchbox').inputValue(), 'jk?');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.keyboard.press('g');
    t.match(await items(page).first().getAttribute('aria-label'), 'Group 1 of 6 photos');
    await page.screenshot({ path: screenshotPath('report-groups') });
    await page.keyboard.press('?');
    t.ok(await page.getByRole('heading', { name: 'Keys' }).isVisible());
    await page.keyboard.press('Escape');
    t.same(said, []);
  });

  t.test('can be used by those who do not see it well, in both colour schemes', async (t) => {
    const findings = await smallFindings(t);
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page } = await opened(t, browser, findings, { colorScheme });
      t.same(await accessibilityProblems(page), [], colorScheme);
      await page.keyboard.press('g');
      t.same(await accessibilityProblems(page), [], `${colorScheme}, groups`);
      await page.keyboard.press('p');
      await page.screenshot({ path: screenshotPath(`report-${colorScheme}`) });
    }
  });

  t.test('fits 360 pixels', async (t) => {
    const { page } = await opened(t, browser, await smallFindings(t), {
      viewport: { width: 360, height: 740 },
    });
    const width = () => page.evaluate(() => document.documentElement.scrollWidth);
    t.equal(await width(), 360);
    await page.getByRole('button', { name: 'Filters', exact: true }).click();
    t.ok(await page.getByLabel('Verdict').isVisible());
    t.equal(await width(), 360);
    t.same(await accessibilityProblems(page), []);
    await page.screenshot({ path: screenshotPath('report-narrow') });
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.screenshot({ path: screenshotPath('report-narrow-pair') });
    t.ok(
      (await page
        .locator('.pair-dialog')
        .evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)) <= 0,
    );
  });

  t.test('keeps few elements of 5,000 pairs, wherever one scrolls', async (t) => {
    const photos = await somePhotos(
      t,
      Array.from({ length: 200 }, (_, index) => `${index}.jpg`),
    );
    const { page, out } = await opened(t, browser, findingsOf(manyPairs(photos, 5000)));
    // 200 crops of some 4 KB and 200 photos of some 10 KB in base64, and 5,000 pairs in a line each.
    t.ok(statSync(out).size < 6e6, `${statSync(out).size} bytes`);
    const elements = () => page.evaluate(() => document.querySelectorAll('*').length);
    t.equal(await status(page), '5000 pairs');
    for (const part of [0, 0.1, 0.5, 0.97, 0.3, 1]) {
      await page.evaluate((at) => window.scrollTo(0, at * document.body.scrollHeight), part);
      await page.waitForFunction(() => {
        const shown = [...document.querySelectorAll('article')].map((each) => each.getBoundingClientRect());
        return shown.some(({ top, bottom }) => top < innerHeight && bottom > 200);
      });
      t.ok((await elements()) < 2000, `${await elements()} elements at ${part}`);
    }
    t.match(await items(page).last().getAttribute('aria-label'), /^Pair 5000:/);
    await page.keyboard.press('j');
    await page.keyboard.press('End');
    t.match(await page.evaluate(() => document.activeElement?.getAttribute('aria-posinset')), '5000');
    await page.keyboard.press('Home');
    const first = items(page).first();
    t.match(await first.getAttribute('aria-posinset'), '1');
    const { y = -1 } = (await first.boundingBox()) ?? {};
    const bar = await page.locator('.toolbar').boundingBox();
    t.ok(y >= (bar?.y ?? 0) + (bar?.height ?? 0), 'the bar does not cover the pair that keys went to');
  });

  t.test('shows hostile names and runs none of them', async (t) => {
    const photos = await somePhotos(t, hostile);
    const [a = '', b = '', c = '', d = ''] = photos;
    const title = `</title><script>window.hacked=1</script>`;
    const findings = findingsOf(
      [
        pairOf(a, b, 0.1, {
          firstReference: '<script>window.hacked=1</script>',
          secondReference: '\u202eABC',
        }),
        pairOf(c, d, 0.2),
      ],
      { failed: [{ photo: '<img src=x onerror=alert(1)>', code: 'X', message: '</script><!--' }] },
    );
    const out = join(t.testdirName, 'hostile.html');
    await writeReport(out, findings, { engine, title });
    const page = await (await browser.newContext()).newPage();
    const said: string[] = [];
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(error.message));
    await page.goto(pathToFileURL(out).href);
    t.equal(await page.locator('h1').textContent(), title);
    t.equal(await items(page).count(), 2);
    const text = (await items(page).allInnerTexts()).join(' ');
    t.match(text, '"><img src=x onerror="window.hacked=1">.jpg');
    t.match(text, 'line\\u000abreak \\u202egpj.exe.jpg');
    t.match(text, '<script>window.hacked=1</script>');
    t.notMatch(text, /\u202e/);
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    t.equal(await page.evaluate(() => 'hacked' in window), false);
    t.equal(
      await page.locator('.results script, .results b:not(.reference), .pair-dialog script').count(),
      0,
    );
    t.same(said, []);
  });

  t.test('shows photos from where they lie, and says when they no longer do', async (t) => {
    const findings = await smallFindings(t);
    const [first] = findings.pairs;
    const { page, said } = await opened(t, browser, findings, { photos: 'link' });
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.locator('.pair-dialog .whole-photo img').nth(1).waitFor();
    t.equal(await page.locator('.whole-photo img').first().getAttribute('width'), '600');
    t.same(said, []);
    copyFileSync(first?.first ?? '', join(t.testdirName, 'elsewhere.jpg'));
    const gone = { ...findings, pairs: findings.pairs.slice(0, 1), groups: [] };
    const out = join(t.testdirName, 'moved', 'report.html');
    mkdirSync(join(t.testdirName, 'moved'));
    copyFileSync((await opened(t, browser, gone, { photos: 'link' })).out, out);
    await page.goto(pathToFileURL(out).href);
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.getByText('The photo is no longer where it lay').first().waitFor();
  });

  t.test('is printed with the pairs that the filter shows', async (t) => {
    const { page } = await opened(t, browser, await smallFindings(t));
    const pdf = screenshotPath('report').replace('.png', '.pdf');
    await page.pdf({ path: pdf, format: 'A4' });
    t.equal(readFileSync(pdf).subarray(0, 5).toString(), '%PDF-');
    await page.getByLabel('Only new').check();
    await page.emulateMedia({ media: 'print' });
    await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
    t.equal(await page.locator('.printed article').count(), 4);
    t.ok(await page.locator('.printed article').first().isVisible());
    t.ok(
      await page.getByText('It ends too early. [PHOTO_TRUNCATED]').isVisible(),
      'what is folded up is open',
    );
    t.notOk(await page.locator('.toolbar').isVisible());
    await page.screenshot({ path: screenshotPath('report-print'), fullPage: true });
    await page.evaluate(() => window.dispatchEvent(new Event('afterprint')));
    t.equal(await page.locator('.printed article').count(), 0);
  });

  t.test('of a run without pairs says so', async (t) => {
    t.testdir({});
    const { page, said } = await opened(t, browser, findingsOf([], { withoutFace: ['/wall.jpg'] }));
    t.ok(await page.getByText('No two faces are closer than 0.6.').isVisible());
    t.same(said, []);
    t.same(await accessibilityProblems(page), []);
  });
});

t.test(
  'facededup report and find --report',
  { skip: skipWithout.dlib || skipWithout.examples },
  async (t) => {
    const folder = t.testdir({});
    const [store, out] = [join(folder, 'faces.db'), join(folder, 'out.html')];
    const photos = join(examplePhotos ?? '', 'johns', 'John_Salley');
    const find = ['find', photos, '--detector', 'hog', '-t', '0.6', '--store', store];
    const found = await facededup([...find, '--report', out]);
    t.match(found.stderr, /Report: .*out\.html \(\d+\.\d MB: 11 faces, 11 whole photos\)\./);
    t.ok(existsSync(out));

    const again = await facededup([
      'report',
      '--store',
      store,
      '--out',
      join(folder, 'b.html'),
      '--photos',
      'none',
      '--json',
    ]);
    t.equal(again.code, 0, again.stderr);
    t.match(JSON.parse(again.stdout), {
      path: join(folder, 'b.html'),
      photos: 11,
      crops: 11,
      wholePhotos: 0,
      missing: 0,
    });
    t.match(readFileSync(join(folder, 'b.html'), 'utf8'), '55 pairs of photos that may show the same person');

    const wrong = async (...args: string[]) => (await facededup(['report', ...args])).stderr;
    t.match(await wrong('--out', out), /\[ARGUMENT_INVALID\]/);
    t.match(await wrong('--out', out, '--store', join(folder, 'none.db')), /\[FACE_STORE_MISSING\]/);
    t.match(
      await wrong('--out', out, '--store', store, '--run', '9'),
      /There is no run 9.*\[FACE_STORE_MISSING\]/,
    );
    t.match(await wrong('--out', folder, '--store', store), /\[REPORT_UNWRITABLE\]/);
    t.match((await facededup([...find, '--report', folder])).stderr, /\[REPORT_UNWRITABLE\]/);
  },
);
