// A report as a stream: its images go out as they are made, what they belong to at the end.

import { pageAssets } from '../page_assets.js';
import { packageVersion } from '../package_root.js';
import type { Findings } from '../runs/findings.js';
import { count, estimateInWords, summaryInWords } from '../runs/words.js';
import type { ReportData, ReportFace, ReportPhoto } from './data.js';
import { type Entries, entriesOf, type PhotoEntry } from './entries.js';
import { imageBlock, shellEnd, shellStart } from './html.js';
import { imagesOf, type ImageOptions } from './images.js';
import { linkTo } from './link.js';

/** Whole photos in the file, links to where they lie, none; `auto`: in the file up to a budget, links for the rest. */
export type PhotosInReport = 'auto' | 'embed' | 'link' | 'none';

export const photosInReport: readonly PhotosInReport[] = ['auto', 'embed', 'link', 'none'];

/** Of a report; `engine`, `readPhoto` and `digestOf` give its pictures. */
export interface ReportOptions extends Pick<ImageOptions, 'engine' | 'digestOf' | 'readPhoto' | 'signal'> {
  /** Default: how many pairs there are, in words. */
  readonly title?: string | undefined;
  /** Default `auto`: the whole photos of the closest pairs are in the file, up to 64 MiB; the others are links. */
  readonly photos?: PhotosInReport | undefined;
  /** Called as pictures are made: how many of how many. */
  readonly onProgress?: ((progress: { readonly done: number; readonly total: number }) => void) | undefined;
}

/** What a report came to hold. */
export interface ReportContents {
  /** Photos that pairs name. */
  readonly photos: number;
  /** Face crops in the file. */
  readonly crops: number;
  /** Whole photos in the file. */
  readonly wholePhotos: number;
  /** Photos that are no longer to be had, or have changed. */
  readonly missing: number;
}

/** Bytes of the file. Browsers open files of a few hundred megabytes; crops take about 6 KB each, whole photos 15 to 80. */
const budgets = { crops: 128 * 2 ** 20, wholes: 64 * 2 ** 20 } as const;
/** A browser reads a block when the first image of it is shown. */
const blockBytes = 256 * 2 ** 10;

/** @param path where the report will lie: links are relative to it. */
export async function* reportStream(
  path: string,
  findings: Findings,
  options: ReportOptions,
  onContents: (contents: ReportContents) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { photos: policy = 'auto', title = titleOf(findings), onProgress } = options;
  const assets = pageAssets('report');
  const entries = entriesOf(findings);
  const embeds = policy === 'auto' || policy === 'embed';
  const crops = new ImageBlocks('crops', budgets.crops);
  const wholes = new ImageBlocks('wholes', embeds ? (policy === 'auto' ? budgets.wholes : Infinity) : 0);
  const links = policy === 'auto' || policy === 'link';
  yield utf8(
    shellStart({
      title,
      summary: summaryInWords(findings),
      estimate: estimateInWords(findings.expectedFalseMatches),
      showsFiles: links,
      assets,
    }),
  );

  const photos: ReportPhoto[] = [];
  const faces: ReportFace[] = [...entries.faces];
  const wants = () => ({ crops: !crops.isFull, whole: !wholes.isFull });
  for await (const { photo, problem, whole, ...images } of imagesOf(entries.photos, { ...options, wants })) {
    photo.faces.forEach(({ place }, index) => {
      const bytes = images.crops[index];
      const crop = bytes && crops.add(bytes);
      if (crop !== undefined) faces[place] = { ...(faces[place] as ReportFace), crop };
    });
    const place = whole && wholes.add(whole.jpeg);
    const link = links && place === undefined && problem === undefined ? linkTo(path, photo.name) : undefined;
    photos.push({
      name: photo.name,
      ...(photo.reference === undefined ? {} : { reference: photo.reference }),
      ...(place === undefined ? {} : { whole: place, width: whole?.photoWidth, height: whole?.photoHeight }),
      ...(link === undefined ? {} : { link }),
      ...withProblem(problem, photo, faces),
    } as ReportPhoto);
    onProgress?.({ done: photos.length, total: entries.photos.length });
    for (const block of [...crops.take(blockBytes), ...wholes.take(blockBytes)]) yield utf8(block);
  }
  for (const block of [...crops.take(0), ...wholes.take(0)]) yield utf8(block);

  yield utf8(shellEnd(dataOf(findings, title, photos, faces, entries), assets));
  onContents({
    photos: photos.length,
    crops: crops.count,
    wholePhotos: wholes.count,
    missing: photos.filter(({ problem }) => problem !== undefined).length,
  });
}

function dataOf(
  findings: Findings,
  title: string,
  photos: readonly ReportPhoto[],
  faces: readonly ReportFace[],
  { pairs, groups }: Entries,
): ReportData {
  const facts = Object.fromEntries(
    Object.entries(findings).filter(([name]) => name !== 'pairs' && name !== 'groups'),
  ) as unknown as ReportData['facts'];
  const createdAt = new Date().toISOString();
  const photosInWords = wordsOnPhotos(photos);
  return { title, version: packageVersion, createdAt, facts, photosInWords, photos, faces, pairs, groups };
}

function titleOf({ pairs }: Findings): string {
  if (pairs.length === 0) return 'No two photos seem to show the same person';
  return `${count(pairs.length, 'pair')} of photos that may show the same person`;
}

function withProblem(
  problem: string | undefined,
  photo: PhotoEntry,
  faces: readonly ReportFace[],
): Pick<ReportPhoto, 'problem'> {
  if (problem !== undefined) return { problem };
  const isWhole = photo.faces.every(({ place }) => faces[place]?.crop !== undefined);
  return isWhole ? {} : { problem: 'This report has room for the faces of closer pairs only.' };
}

function wordsOnPhotos(photos: readonly ReportPhoto[]): string {
  const total = photos.length;
  const embedded = photos.filter(({ whole }) => whole !== undefined).length;
  const linked = photos.filter(({ link }) => link !== undefined).length;
  if (total === 0) return 'There are no photos to show.';
  if (embedded === 0 && linked === 0) return 'Whole photos are not part of this report.';
  const missing = total - embedded - linked;
  const rest = missing === 0 ? '' : ` ${count(missing, 'photo')} cannot be shown.`;
  if (linked === 0) return `This file holds ${count(embedded, 'whole photo')}, made small.${rest}`;
  const where = `shown from where ${linked === 1 ? 'it' : 'they'} lay when the report was made`;
  if (embedded === 0) return `Whole photos are not in this file: ${linked} are ${where}.${rest}`;
  return (
    `This file holds the whole photos of the closest pairs, ${embedded} of ${total}; to keep it small, ` +
    `the other ${linked} are ${where}.${rest}`
  );
}

/** Images on their way into the file, in blocks, up to a number of bytes. */
class ImageBlocks {
  readonly #kind: 'crops' | 'wholes';
  readonly #budget: number;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #bytes = 0;
  #isFull: boolean;
  count = 0;

  constructor(kind: 'crops' | 'wholes', budget: number) {
    this.#kind = kind;
    this.#budget = budget;
    this.#isFull = budget === 0;
  }

  /** Once true, always: what comes later is left out even if it is small, so that nothing depends on timing. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** @returns its place, or undefined when there is no room. */
  add(jpeg: Uint8Array): number | undefined {
    const bytes = Math.ceil(jpeg.length / 3) * 4;
    this.#isFull ||= this.#bytes + bytes > this.#budget;
    if (this.#isFull) return undefined;
    this.#bytes += bytes;
    this.#waitingBytes += bytes;
    this.#waiting.push(Buffer.from(jpeg.buffer, jpeg.byteOffset, jpeg.length).toString('base64'));
    return this.count++;
  }

  /** What waits, once it is more than so many bytes. */
  take(moreThan: number): string[] {
    if (this.#waiting.length === 0 || this.#waitingBytes <= moreThan) return [];
    const block = imageBlock(this.#kind, this.count - this.#waiting.length, this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    return [block];
  }
}

function utf8(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}
