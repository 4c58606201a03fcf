// createServer: the review page and the JSON API over one face store, safe to start by default.

import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import type { Calibration } from '../calibration/index.js';
import { FaceDedupError, InvalidOptionError, ServerError, messageOf } from '../errors.js';
import { type Log, type LogFields, makeLog } from '../logging.js';
import { type ModelsOption, ModelStore } from '../models/index.js';
import { packageRoot, packageVersion } from '../package_root.js';
import type { Findings } from '../runs/findings.js';
import { belowEnvironment, ConfigFile } from '../settings/index.js';
import { defaultSet } from '../store/index.js';
import { errorType } from '../telemetry/index.js';
import { ErrorAnswers } from './answers.js';
import type { ApiJob } from './api.js';
import { buildApp } from './app.js';
import { ClusterView } from './cluster_view.js';
import type { AccessRules, ServerContext } from './context.js';
import { JobQueue } from './jobs.js';
import { RootedPhotos } from './rooted_photos.js';
import { clusterOf, openStore } from './server_store.js';
import { leastTokenLength, Sessions } from './sessions.js';
import { Viewer } from './viewer.js';
import { Webhooks } from './webhooks.js';

/** Where the server listens, what it may read, and who may use it. */
export interface ServerOptions {
  /** File of the face store, begun where it is not there; or postgres://…, the store of a cluster. */
  readonly store: string;
  /**
   * Redis of a cluster: redis://… What it is at is shown at /queue, and on a `store` of its own its workers do the runs that
   * are asked for. Default none: no queue is shown, and runs on the store of a cluster are refused.
   */
  readonly cluster?: string | undefined;
  /** PostgreSQL of that cluster: postgres://… Default `store`. */
  readonly clusterStore?: string | undefined;
  /** The set that the page shows first; begun where it is not there. Default `default`. */
  readonly set?: string | undefined;
  /** Name or address to listen on. Default 127.0.0.1; anything that is not loopback needs a token. */
  readonly host?: string | undefined;
  /** Default 8080; 0 takes a free one. */
  readonly port?: number | undefined;
  /** Folders, and azure:CONTAINER/PREFIX, whose photos may be read and shown. Default those of the configuration. */
  readonly roots?: readonly string[] | undefined;
  /** What clients must show, 16 characters or more. Default none: whoever can connect may use the server. */
  readonly token?: string | undefined;
  /** Further names under which clients may reach the server, such as that of a proxy. */
  readonly allowHosts?: readonly string[] | undefined;
  /** PEM. With it the server speaks https. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer } | undefined;
  /** Whether browsers reach it over the https of a proxy on this machine or its network. Default false. */
  readonly behindProxy?: boolean | undefined;
  /** Default `ConfigFile.read()`. */
  readonly config?: ConfigFile | undefined;
  /** Default as the configuration says. */
  readonly models?: Exclude<ModelsOption, string> | undefined;
  /** Of runs; default the one measured on LFW. */
  readonly calibration?: Calibration | undefined;
  /** Signs what webhooks are sent. Default FACEDEDUP_WEBHOOK_SECRET, else it goes unsigned. */
  readonly webhookSecret?: string | undefined;
  /** Whether webhooks may lead to loopback, private and link-local addresses. Default false. */
  readonly allowPrivateWebhooks?: boolean | undefined;
  /** Milliseconds before a webhook that failed is told again; doubled each time. Default 1000. */
  readonly webhookWait?: number | undefined;
  /** How many runs may wait while one goes on. Default 8. */
  readonly waitingRuns?: number | undefined;
  /** The most bytes of an uploaded file of weights. Default 256 MiB. */
  readonly uploadLimit?: number | undefined;
  /**
   * Whether requests, runs and webhooks are logged to stderr as JSON lines, without what they name; the environment
   * variable FACEDEDUP_LOG_LEVEL says from which level on. Default false.
   */
  readonly log?: boolean | undefined;
}

/** A server that is made, and listens when it is told to. */
export interface FaceServer {
  /** Starts to listen. @returns the address, such as http://127.0.0.1:8080. @throws ServerError `SERVER_ADDRESS` */
  listen(): Promise<string>;
  /** Where it listens; undefined while it does not. */
  readonly address: string | undefined;
  /**
   * Cancels what runs, answers what has begun within ten seconds, ends all connections and closes the store. May be called
   * again.
   */
  close(): Promise<void>;
  /** The Fastify application beneath: its `inject` answers without a network. */
  readonly app: FastifyInstance;
}

const loopbackNames = ['localhost', '127.0.0.1', '[::1]'] as const;
/** Milliseconds for answers that have begun, once the server is told to close. */
const closeGrace = 10_000;
const defaultUploadLimit = 256 * 1024 * 1024;

/** Whether only this machine can connect to it. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/**
 * Makes a server that listens once it is told to. Nobody but it may write to a file's set meanwhile; others may read. Of
 * a cluster's store there may be several, beside workers.
 *
 * @throws ServerError `SERVER_UNSAFE` when others could connect without a token; InvalidOptionError, FaceStoreError,
 *   ConfigFileError, ClusterError
 */
export async function createServer(options: ServerOptions): Promise<FaceServer> {
  const { host = '127.0.0.1', port = 8080, token } = options;
  requireSafe(host, token);
  requirePair(options.tls);
  const log = options.log ? makeLog() : undefined;
  const config = options.config ?? (await ConfigFile.read());
  const settings = belowEnvironment(config.settings);
  const photos = await RootedPhotos.of(options.roots ?? settings.roots ?? []);
  const models = options.models ?? (settings.models === undefined ? {} : { directory: settings.models });
  const modelStore = new ModelStore({ models });
  const { calibration } = options;
  const shown = clusterOf(options);
  const {
    store,
    find,
    close: closeStore,
  } = await openStore(options, {
    config,
    photos,
    models,
    calibration,
  });
  let cluster: ClusterView | undefined;
  const close = async () => {
    await cluster?.close();
    await closeStore();
  };
  try {
    cluster = shown && (await ClusterView.open(shown));
    const parts = { host, config, photos, models, modelStore, store, find, log, cluster };
    const context = await makeContext(options, parts);
    const app = await buildApp(context, { tls: options.tls, log });
    return faceServer(app, context, close, { host, port, isTls: options.tls !== undefined });
  } catch (error) {
    await close();
    throw error;
  }
}

async function makeContext(
  options: ServerOptions,
  parts: Pick<ServerContext, 'config' | 'photos' | 'models' | 'modelStore' | 'store' | 'find' | 'cluster'> & {
    readonly host: string;
    readonly log: Log | undefined;
  },
): Promise<ServerContext> {
  const { host, log, store, config, modelStore, models } = parts;
  const { name: defaultName } = await store.set(options.set ?? defaultSet);
  const errors = new ErrorAnswers([
    store.path,
    config.path,
    modelStore.cache,
    modelStore.folder,
    ...[models.directory, process.env['FACEDEDUP_MODELS']].flatMap((folder) => (folder ? [folder] : [])),
    ...[dirname(config.path), packageRoot, tmpdir()],
  ]);
  const webhooks = new Webhooks({
    allowPrivate: options.allowPrivateWebhooks,
    secret: options.webhookSecret ?? (process.env['FACEDEDUP_WEBHOOK_SECRET'] || undefined),
    firstWait: options.webhookWait,
    onGivenUp: (error) => log?.warn({ code: errorType(error) }, 'a webhook could not be told'),
  });
  return {
    ...parts,
    version: packageVersion,
    defaultSet: defaultName,
    jobs: new JobQueue({
      waiting: options.waitingRuns,
      describeError: errors.describe,
      onEnd: (job, findings) => {
        log?.info(endOf(job, findings), 'a run has ended');
        void tellOfEnd({ store, webhooks }, job, findings);
      },
    }),
    sessions: new Sessions(options.token),
    viewer: new Viewer(models),
    webhooks,
    errors,
    access: accessRules(options, host),
    uploadLimit: options.uploadLimit ?? defaultUploadLimit,
  };
}

function accessRules(
  { allowHosts = [], tls, behindProxy = false }: ServerOptions,
  host: string,
): AccessRules {
  const inBrackets = host.includes(':') ? `[${host}]` : host;
  return {
    hosts: [...loopbackNames, inBrackets, ...allowHosts].map((name) => name.toLowerCase()),
    isOpen: !isLoopback(host),
    isSecure: tls !== undefined || behindProxy,
    isBehindProxy: behindProxy,
  };
}

function requireSafe(host: string, token: string | undefined): void {
  if (token !== undefined && token.length < leastTokenLength)
    throw new InvalidOptionError(
      'OPTION_RANGE',
      `The token has ${token.length} characters; it takes at least ${leastTokenLength} for nobody to guess it.`,
    );
  if (token === undefined && !isLoopback(host))
    throw new ServerError(
      'SERVER_UNSAFE',
      `Others could connect to ${host} and see the photos. Give a token, or listen on 127.0.0.1.`,
    );
}

function requirePair(tls: ServerOptions['tls']): void {
  try {
    if (tls) createSecureContext(tls);
  } catch (cause) {
    const reason = messageOf(cause);
    throw new InvalidOptionError(
      'ARGUMENT_INVALID',
      `The certificate and key of https are no pair in PEM: ${reason}.`,
      { cause },
    );
  }
}

/** What a webhook is sent. */
export interface RunEnded {
  readonly event: 'run.ended';
  readonly set: string;
  readonly job: number;
  readonly state: ApiJob['state'];
  readonly run: number | null;
  readonly summary: Findings['summary'] | null;
  readonly error: ApiJob['error'];
}

function endOf({ job, state, run, error }: ApiJob, findings: Findings | undefined): LogFields {
  const { photos, failed, pairs } = findings?.summary ?? {};
  return { job, state, run: run ?? undefined, code: error?.code, photos, failed, pairs };
}

/** A store that cannot be asked has nobody told: nothing else hangs on it. */
async function tellOfEnd(
  { store, webhooks }: Pick<ServerContext, 'store' | 'webhooks'>,
  { set, job, state, run, error }: ApiJob,
  findings: Findings | undefined,
): Promise<void> {
  const sets = await Promise.resolve(store.sets()).catch(() => []);
  const address = sets.find(({ name }) => name === set)?.webhook;
  if (address === undefined) return;
  const summary = findings?.summary ?? null;
  const message: RunEnded = { event: 'run.ended', set, job, state, run, summary, error };
  webhooks.tell(address, message);
}

function faceServer(
  app: FastifyInstance,
  { jobs, webhooks }: ServerContext,
  closeStore: () => Promise<void>,
  { host, port, isTls }: { readonly host: string; readonly port: number; readonly isTls: boolean },
): FaceServer {
  let address: string | undefined;
  let closing: Promise<void> | undefined;
  const close = async () => {
    // Whoever waits for a run learns of its end while the connections are still there.
    await jobs.close();
    const deadline = setTimeout(() => app.server.closeAllConnections(), closeGrace);
    await app.close();
    clearTimeout(deadline);
    await webhooks.close();
    await closeStore();
    address = undefined;
  };
  return {
    app,
    get address() {
      return address;
    },
    listen: async () => {
      try {
        await app.listen({ host, port });
      } catch (cause) {
        throw addressError(host, port, cause);
      }
      const bound = app.server.address();
      const boundPort = typeof bound === 'object' && bound ? bound.port : port;
      address = `${isTls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${boundPort}`;
      return address;
    },
    close: () => (closing ??= close()),
  };
}

function addressError(host: string, port: number, cause: unknown): unknown {
  if (cause instanceof FaceDedupError || !(cause instanceof Error)) return cause;
  const { code } = cause as NodeJS.ErrnoException;
  const reason = code === 'EADDRINUSE' ? 'another program listens there' : (code ?? cause.message);
  return new ServerError(
    'SERVER_ADDRESS',
    `The server cannot listen on ${host}, port ${port}: ${reason}. Name another by --host and --port.`,
    { cause },
  );
}
