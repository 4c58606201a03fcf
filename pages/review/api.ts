// The server as the page sees it: one function an address, and one kind of failure with a sentence for the reviewer.

import type { Box } from '../../lib/detections.js';
import type {
  ApiCluster,
  ApiDecision,
  ApiError,
  ApiHistogram,
  ApiJob,
  ApiModel,
  ApiModelHistory,
  ApiNewRun,
  ApiPage,
  ApiPair,
  ApiQueuedJob,
  ApiRun,
  ApiSession,
  ApiSet,
  ApiSettings,
  ApiVerdictFilter,
} from '../../lib/server/api.js';

/** An answer that is no success. Its status is 0 where no answer came at all. */
export class ApiFailure extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'ApiFailure';
    this.status = status;
    this.code = code;
  }

  get isUnreachable(): boolean {
    return this.status === 0;
  }

  get needsLogin(): boolean {
    return this.status === 401;
  }
}

/** In the reviewer's words, whatever was thrown. */
export function sentenceOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}

export interface PairsFilter {
  readonly verdict: ApiVerdictFilter;
  readonly isNew: boolean;
  readonly query: string;
  readonly order: PairOrder;
}

export type PairOrder = 'closest' | 'farthest';

export type NewDecision = Pick<ApiDecision, 'kind' | 'first' | 'second' | 'verdict' | 'reason'>;

/** Told of what every request shows about the server: that it answers, that it does not, that it wants a login. */
export interface ConnectionListener {
  answered(): void;
  unreachable(): void;
  loginNeeded(): void;
}

let listener: ConnectionListener | undefined;

export function listenToConnection(given: ConnectionListener): void {
  listener = given;
}

export const unreachableSentence =
  'The server does not answer. Check that facededup serve still runs; this page goes on by itself once it does.';

async function request<Answer>(
  method: string,
  path: string,
  body?: BodyInit,
  type?: string,
): Promise<Answer> {
  let response;
  try {
    response = await fetch(path, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      headers: { accept: 'application/json', ...(type === undefined ? {} : { 'content-type': type }) },
      ...(body === undefined ? {} : { body }),
    });
  } catch {
    listener?.unreachable();
    throw new ApiFailure(0, 'SERVER_UNREACHABLE', unreachableSentence);
  }
  listener?.answered();
  const text = await response.text();
  if (!response.ok) throw failureOf(response.status, text, path);
  return (text === '' ? undefined : JSON.parse(text)) as Answer;
}

export function failureOf(status: number, text: string, path: string): ApiFailure {
  const failure = failureIn(status, text);
  if (failure.needsLogin && path !== '/api/session') listener?.loginNeeded();
  return failure;
}

function failureIn(status: number, text: string): ApiFailure {
  try {
    const { error } = JSON.parse(text) as ApiError;
    return new ApiFailure(status, error.code, error.message);
  } catch {
    return new ApiFailure(status, 'ANSWER_UNREADABLE', `The server answered with status ${status}.`);
  }
}

const get = <Answer>(path: string) => request<Answer>('GET', path);
const send = <Answer>(method: string, path: string, body: unknown) =>
  request<Answer>(method, path, JSON.stringify(body), 'application/json');
const ofSet = (set: string) => `/api/sets/${encodeURIComponent(set)}`;
const ofRun = (set: string, run: number | undefined) => `${ofSet(set)}/runs/${run ?? 'latest'}`;

export const api = {
  session: () => get<ApiSession>('/api/session'),
  login: (token: string) => send<unknown>('POST', '/api/session', { token }),
  logout: () => request<unknown>('DELETE', '/api/session'),
  sets: () => get<readonly ApiSet[]>('/api/sets'),

  pairs: (set: string, run: number | undefined, filter: PairsFilter, offset: number, limit: number) =>
    get<ApiPage<ApiPair>>(`${ofRun(set, run)}/pairs?${pairsQuery(filter, offset, limit)}`),
  histogram: (set: string, run: number | undefined) => get<ApiHistogram>(`${ofRun(set, run)}/histogram`),
  groups: (set: string, run: number | undefined, offset: number, limit: number) =>
    get<ApiPage<readonly string[]>>(`${ofRun(set, run)}/groups?offset=${offset}&limit=${limit}`),

  runs: (set: string) => get<readonly ApiRun[]>(`${ofSet(set)}/runs`),
  run: (set: string, run: number | undefined) => get<ApiRun>(ofRun(set, run)),
  startRun: (set: string, run: ApiNewRun) => send<ApiJob>('POST', `${ofSet(set)}/runs`, run),
  jobs: () => get<readonly ApiJob[]>('/api/jobs'),
  cancelJob: (job: number) => request<unknown>('DELETE', `/api/jobs/${job}`),

  decisions: (set: string, offset: number, limit: number) =>
    get<ApiPage<ApiDecision>>(`${ofSet(set)}/decisions?offset=${offset}&limit=${limit}`),
  decide: (set: string, decision: NewDecision) =>
    send<ApiDecision>('POST', `${ofSet(set)}/decisions`, decision),
  /** All that was decided on a pair. */
  withdraw: (set: string, { kind, first, second }: Pick<NewDecision, 'kind' | 'first' | 'second'>) =>
    request<unknown>(
      'DELETE',
      `${ofSet(set)}/ignored-pairs?${new URLSearchParams({ kind, first, second }).toString()}`,
    ),
  undo: (set: string) =>
    request<{ readonly undone: ApiDecision | null }>('POST', `${ofSet(set)}/decisions/undo`),

  cluster: () => get<ApiCluster>('/api/cluster'),
  queuedJobs: (state: keyof ApiCluster['counts'], offset: number, limit: number) =>
    get<ApiPage<ApiQueuedJob>>(`/api/cluster/jobs?state=${state}&offset=${offset}&limit=${limit}`),

  models: () => get<readonly ApiModel[]>('/api/models'),
  modelHistory: (modelSet: string) =>
    get<ApiModelHistory>(`/api/models/${encodeURIComponent(modelSet)}/history`),
  rollBack: (modelSet: string, version: string | undefined) =>
    send<ApiModelHistory>('POST', `/api/models/${encodeURIComponent(modelSet)}/rollback`, {
      ...(version === undefined ? {} : { version }),
    }),

  settings: () => get<ApiSettings>('/api/settings'),
  changeSettings: (changes: Readonly<Record<string, unknown>>) =>
    send<ApiSettings>('PATCH', '/api/settings', changes),
} as const;

function pairsQuery({ verdict, isNew, query, order }: PairsFilter, offset: number, limit: number): string {
  return new URLSearchParams({
    offset: String(offset),
    limit: String(limit),
    verdict,
    order,
    ...(isNew ? { new: 'true' } : {}),
    ...(query === '' ? {} : { query }),
  }).toString();
}

/** Of the faces under review, in pixels: sharp on dense screens, and no more than a photo is likely to have. */
export const faceSide = 480;
/** Of the faces in lists. */
export const smallFaceSide = 168;
const photoSide = 1600;

/** A face, turned upright. @param size of the square in pixels. */
export function faceAddress(set: string, name: string, box: Box, size: number): string {
  const { x, y, width, height } = box;
  const numbers = Object.entries({ x, y, width, height, size }).map(([key, value]) => [key, String(value)]);
  const query = new URLSearchParams([['name', name], ...numbers]);
  return `${ofSet(set)}/photos/face?${query.toString()}`;
}

/** A run as one HTML file, to be downloaded. */
export function reportAddress(set: string, run: number): string {
  return `${ofRun(set, run)}/report`;
}

/** A whole photo, upright. @param side the most pixels of its longer side. */
export function imageAddress(set: string, name: string, side = photoSide): string {
  const query = new URLSearchParams({ name, side: String(side) });
  return `${ofSet(set)}/photos/image?${query.toString()}`;
}

/** Why an image that was asked for did not come, in the server's words; undefined when it says nothing. */
export async function whyNoImage(address: string): Promise<string | undefined> {
  try {
    const response = await fetch(address, { credentials: 'same-origin', cache: 'no-store' });
    return response.ok ? undefined : failureOf(response.status, await response.text(), address).message;
  } catch {
    return undefined;
  }
}

/** The size of a photo in its own pixels, in which boxes are given; its image is then in the browser's cache. */
export async function photoSize(
  address: string,
): Promise<{ readonly width: number; readonly height: number }> {
  const response = await fetch(address, { credentials: 'same-origin' });
  const body = await response.blob();
  if (!response.ok) throw failureOf(response.status, await body.text(), address);
  const side = (name: string) => Number(response.headers.get(`facededup-photo-${name}`));
  return { width: side('width'), height: side('height') };
}

/** @param onJob called with every state, until the run has ended. @param onLost when the server knows it no more. @returns what ends the watching. */
export function jobEvents(job: number, onJob: (job: ApiJob) => void, onLost: (failure: ApiFailure) => void) {
  const source = new EventSource(`/api/jobs/${job}/events`);
  let poll: ReturnType<typeof setTimeout> | undefined;
  let isStopped = false;
  const stop = () => {
    isStopped = true;
    source.close();
    clearTimeout(poll);
  };
  const take = (next: ApiJob) => {
    if (next.state !== 'waiting' && next.state !== 'running') stop();
    onJob(next);
  };
  source.onmessage = ({ data }: MessageEvent<string>) => take(JSON.parse(data) as ApiJob);
  // The stream was refused for good, as a proxy may do: asking goes on one by one.
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED && !isStopped) void ask();
  };
  const ask = async () => {
    try {
      take(await get<ApiJob>(`/api/jobs/${job}`));
    } catch (failure) {
      if (failure instanceof ApiFailure && !failure.isUnreachable) {
        onLost(failure);
        return;
      }
    }
    if (!isStopped) poll = setTimeout(() => void ask(), 2000);
  };
  return stop;
}

export interface ModelUpload {
  readonly prototxt: File;
  readonly caffemodel: File;
  /** Its name; absent: the server gives it one. */
  readonly version?: string | undefined;
  /** On which it must find so many faces, where the one that the server draws is not like those it was made for. */
  readonly photo?: File | undefined;
  readonly faces?: string | undefined;
}

/** By XMLHttpRequest, which alone tells how much is sent. @param onProgress called with the part from 0 to 1 that is sent. */
export function uploadModel(
  { prototxt, caffemodel, version, photo, faces }: ModelUpload,
  onProgress: (part: number) => void,
): Promise<ApiModelHistory> {
  const path = '/api/models/ssd/versions';
  const form = new FormData();
  // The server wants the texts before the files.
  for (const [name, value] of Object.entries({ version, faces, photo, prototxt, caffemodel }))
    if (value !== undefined) form.append(name, value);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 0);
    request.onload = () => {
      if (request.status < 300) resolve(JSON.parse(request.responseText) as ApiModelHistory);
      else reject(failureOf(request.status, request.responseText, path));
    };
    request.onerror = () => {
      listener?.unreachable();
      reject(new ApiFailure(0, 'SERVER_UNREACHABLE', unreachableSentence));
    };
    request.open('POST', path);
    request.setRequestHeader('accept', 'application/json');
    request.send(form);
  });
}
