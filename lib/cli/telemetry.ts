// Telemetry of the command line: the OpenTelemetry SDK, set up as its own environment variables say, and what it has is sent
// before the process ends.

import { randomUUID } from 'node:crypto';
import { diag, DiagLogLevel, type DiagLogger } from '@opentelemetry/api';
import type { Command } from 'commander';
import { InvalidOptionError, TelemetryError } from '../errors.js';
import { loadOptional } from '../optional_package.js';
import { packageVersion } from '../package_root.js';
import { redactAddress } from '../redaction.js';
import { isListenedTo } from '../telemetry/index.js';
import { printNote } from './output.js';

export interface TelemetryFlags {
  readonly telemetry?: string;
}

/** Milliseconds that a process which is done waits for what it told to be taken. */
const mostPatience = 3000;

interface Sdk {
  readonly shutdown: () => Promise<void>;
  /** Whether something could not be handed over. */
  hasFailed: boolean;
}

let started: Sdk | undefined;

/**
 * Of a command that is about to run, if it was given a collector.
 *
 * @throws InvalidOptionError `ARGUMENT_INVALID`, TelemetryError `TELEMETRY_PACKAGE_MISSING`
 */
export async function startTelemetry(command: Command): Promise<void> {
  const { telemetry } = command.optsWithGlobals<TelemetryFlags>();
  // Whoever registered an SDK before this program began, as node --require does, has said where it leads.
  if (!telemetry || isOff(process.env) || isListenedTo()) return;
  requireAddress(telemetry);
  const { NodeSDK, resources } = await loadOptional(() => import('@opentelemetry/sdk-node'), missing);
  // The SDK knows the address by this name alone, and takes others for traces and metrics from beside it.
  process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] = telemetry;
  const sdk = new NodeSDK({
    resource: resources.resourceFromAttributes({
      'service.name': 'facededup',
      'service.version': packageVersion,
      'service.instance.id': randomUUID(),
    }),
    // The others find out the command with all that it was given: photos, and passwords in addresses.
    resourceDetectors: [resources.envDetector],
    logRecordProcessors: [],
  });
  started = { shutdown: () => sdk.shutdown(), hasFailed: false };
  // Else it prints, or keeps to itself, that nobody takes what it has.
  if (!process.env['OTEL_LOG_LEVEL']) diag.setLogger(failureNoter(started), { logLevel: DiagLogLevel.ERROR });
  sdk.start();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const others = process.listenerCount(signal);
    process.once(signal, () => {
      // A command that tidies up first comes to endTelemetry by itself.
      if (process.listenerCount(signal) === others) void endBy(signal);
    });
  }
}

/**
 * Sends what is left, and waits for that no longer than a moment.
 *
 * @returns whether nothing of it is under way any more.
 */
export async function endTelemetry(): Promise<boolean> {
  const sdk = started;
  if (!sdk) return true;
  started = undefined;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => (timer = setTimeout(() => resolve('late'), mostPatience)));
  const sent = sdk.shutdown().catch(() => {
    sdk.hasFailed = true;
  });
  const isLate = (await Promise.race([sent, late])) === 'late';
  clearTimeout(timer);
  if (isLate || sdk.hasFailed)
    printNote('note: the collector of telemetry did not take all that it was told; nothing else is amiss.');
  return !isLate;
}

async function endBy(signal: NodeJS.Signals): Promise<void> {
  await endTelemetry();
  process.kill(process.pid, signal);
}

function isOff(environment: NodeJS.ProcessEnv): boolean {
  return environment['OTEL_SDK_DISABLED']?.toLowerCase() === 'true';
}

function requireAddress(address: string): void {
  const { protocol } = URL.canParse(address) ? new URL(address) : { protocol: '' };
  if (protocol === 'http:' || protocol === 'https:') return;
  throw new InvalidOptionError(
    'ARGUMENT_INVALID',
    `The collector of telemetry is an address such as http://127.0.0.1:4318, not '${redactAddress(address)}'.`,
  );
}

function failureNoter(sdk: Sdk): DiagLogger {
  const nothing = () => undefined;
  const note = () => {
    sdk.hasFailed = true;
  };
  return { error: note, warn: nothing, info: nothing, debug: nothing, verbose: nothing };
}

function missing(cause: Error): TelemetryError {
  return new TelemetryError(
    'TELEMETRY_PACKAGE_MISSING',
    'Telemetry needs the package @opentelemetry/sdk-node: run `npm install @opentelemetry/sdk-node`, or take ' +
      'OTEL_EXPORTER_OTLP_ENDPOINT and --telemetry away.',
    { cause },
  );
}
