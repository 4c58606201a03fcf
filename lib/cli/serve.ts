// `facededup serve`: the review page and the JSON API, until it is told to stop.

import { readFile } from 'node:fs/promises';
import { hostname, networkInterfaces } from 'node:os';
import { type Command, Option } from 'commander';
import { isPostgresAddress } from '../cluster/addresses.js';
import { InvalidOptionError, messageOf } from '../errors.js';
import { createServer, type FaceServer, isLoopback, makeToken, type ServerOptions } from '../server/index.js';
import { ConfigFile } from '../settings/index.js';
import { addExamples } from './help.js';
import { printLine, printNote } from './output.js';
import {
  addCalibrationFlag,
  addStoreFlags,
  addTelemetryFlag,
  calibrationOf,
  modelsOption,
  parseNumber,
  SettingOption,
  type StoreFlags,
} from './shared_options.js';

interface ServeFlags extends ServerFlags {
  readonly host: string;
  readonly port: number;
  readonly tokenFile?: string;
  readonly allowHost?: readonly string[];
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly behindProxy?: boolean;
  readonly allowPrivateWebhooks?: boolean;
  readonly log?: boolean;
}

/** Of `serve` and `review` alike. */
export interface ServerFlags extends StoreFlags {
  readonly cluster?: string;
  readonly clusterStore?: string;
  readonly root?: readonly string[];
  readonly models?: string;
  readonly calibration?: string;
  readonly config?: string;
  readonly json?: boolean;
}

export function addServeCommand(program: Command): void {
  const command = program
    .command('serve')
    .description(
      'serve the review page and the JSON API (/api/openapi.json), on this machine unless told otherwise',
    );
  addExamples(command, [
    ['facededup serve --store faces.db --root /data/photos', 'for people at this machine'],
    [
      'facededup serve --store faces.db --root /data/photos --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem',
      'for others, who need the token that it prints',
    ],
    [
      'facededup serve --store faces.db --cluster redis://queue --cluster-store postgres://faces@db/faces',
      'with the queue of a cluster at /queue',
    ],
  ]);
  addTelemetryFlag(addServerFlags(command))
    .option(
      '--host <address>',
      'listen there; anything but loopback takes a token, which is made if none is given',
      '127.0.0.1',
    )
    .addOption(
      new Option('--port <number>', 'listen on this port; 0 takes a free one')
        .argParser(parseNumber)
        .default(8080),
    )
    .option('--token-file <file>', 'holds the token that clients must show; default FACEDEDUP_TOKEN')
    .option('--allow-host <name>', 'a further host name to answer to; may be given several times', collect)
    .option('--tls-cert <file>', 'PEM; with --tls-key: speak https')
    .option('--tls-key <file>', 'PEM')
    .option('--behind-proxy', 'browsers reach it by https through a proxy on this machine or network')
    .option('--allow-private-webhooks', 'webhooks may lead to this machine and its own network')
    .option('--log', 'log requests and runs to stderr as JSON lines: routes, statuses and codes, no names')
    .action((_flags: ServeFlags, self: Command) => serve(self));
}

export function addServerFlags(command: Command): Command {
  return addStoreFlags(addCalibrationFlag(command))
    .addOption(
      new SettingOption(
        '--cluster <address>',
        'Redis of a cluster: /queue shows what it is at; with its --store its workers do the runs asked for',
      ).env('FACEDEDUP_CLUSTER'),
    )
    .option('--cluster-store <address>', 'its PostgreSQL: postgres://USER@HOST/DATABASE; default --store')
    .option(
      '--root <folder>',
      'a folder, or azure:CONTAINER/PREFIX, whose photos may be read and shown; may be given several times',
      collect,
    )
    .addOption(modelsOption())
    .option('--json', 'print JSON');
}

async function serve(command: Command): Promise<void> {
  const flags = command.optsWithGlobals<ServeFlags>();
  const options = await serverOptions(flags);
  const given = await tokenOf(flags);
  const token = given ?? (isLoopback(flags.host) ? undefined : makeToken());
  const server = await createServer({
    ...options,
    host: flags.host,
    port: flags.port,
    token,
    allowHosts: flags.allowHost,
    tls: await tlsOf(flags),
    behindProxy: flags.behindProxy,
    allowPrivateWebhooks: flags.allowPrivateWebhooks,
    log: flags.log,
  });
  await runServer(server, (address) => {
    printAddress(address, flags);
    noteOfNetwork(address, flags);
    if (token !== given) printNote(`Token, shown this once: ${token ?? ''}`);
    if ((options.roots ?? []).length === 0)
      printNote('note: no photo can be shown or taken in without --root and a folder.');
  });
}

/** What the configuration file says of the flags is in them already. */
export async function serverOptions(flags: ServerFlags): Promise<ServerOptions> {
  const { store, clusterStore, set, root, models } = flags;
  if (store === undefined)
    throw new InvalidOptionError('ARGUMENT_INVALID', 'This needs a face store: name its file with --store.');
  const cluster = clusterNamed(flags, store);
  const config = await ConfigFile.read(flags.config);
  return {
    store,
    cluster,
    clusterStore,
    set,
    roots: root ?? config.settings.roots,
    config,
    calibration: await calibrationOf(flags),
    ...(models === undefined ? {} : { models: { directory: models } }),
  };
}

/** The environment may name a cluster for all that runs on the machine, and this a store of its own. */
function clusterNamed({ cluster, clusterStore }: ServerFlags, store: string): string | undefined {
  if (!cluster || clusterStore !== undefined || isPostgresAddress(store)) return cluster || undefined;
  printNote('note: the queue of the cluster is not shown: its store is to be named with --cluster-store.');
  return undefined;
}

/** Listens until SIGINT or SIGTERM; a second one ends it at once. */
export async function runServer(server: FaceServer, onListen: (address: string) => void): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  try {
    onListen(await server.listen());
    await stopped;
  } finally {
    await server.close();
  }
}

export function printAddress(address: string, { json }: ServerFlags): void {
  printLine(json ? JSON.stringify({ address }) : address);
}

/** An address that stands for all of a machine can be listened on, and not opened. */
function noteOfNetwork(address: string, { host, tlsCert, behindProxy }: ServeFlags): void {
  if (host === '0.0.0.0' || host === '::') {
    const { protocol, port } = new URL(address);
    const places = ownAddresses().map((own) => `${protocol}//${own}:${port}`);
    printNote(
      `note: it listens on all addresses of this machine; open ${places.join(' or ') || 'one of them'}.`,
    );
    printNote(`note: of names it answers only to those of --allow-host, such as --allow-host ${hostname()}.`);
  }
  if (!isLoopback(host) && tlsCert === undefined && !behindProxy)
    printNote(
      'note: without https the token and the faces go unencrypted over the network. Give --tls-cert and --tls-key.',
    );
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, family }) => !internal && family === 'IPv4')
    .map(({ address }) => address);
}

async function tokenOf({ tokenFile }: ServeFlags): Promise<string | undefined> {
  if (tokenFile === undefined) return process.env['FACEDEDUP_TOKEN'] || undefined;
  return (await readGiven('token', tokenFile)).trim();
}

async function tlsOf({ tlsCert, tlsKey }: ServeFlags): Promise<ServerOptions['tls']> {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined)
    throw new InvalidOptionError('ARGUMENT_INVALID', '--tls-cert and --tls-key belong together: give both.');
  return { cert: await readGiven('certificate', tlsCert), key: await readGiven('key', tlsKey) };
}

async function readGiven(what: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const reason = messageOf(cause);
    throw new InvalidOptionError('ARGUMENT_INVALID', `The file of the ${what} cannot be read: ${reason}.`, {
      cause,
    });
  }
}

function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}
