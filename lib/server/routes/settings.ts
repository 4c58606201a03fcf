// /api/settings: what the configuration file says, and changes to it.

import { basename } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { availableBackends } from '../../engine.js';
import { ServerError } from '../../errors.js';
import { type SettingSpec, settingsTable } from '../../settings/index.js';
import type { ApiSettings } from '../api.js';
import type { ServerContext } from '../context.js';
import { answers, ref } from '../schemas.js';

/** What leads to files, or away from this machine, is for those to say who start the server: a client could read or write anywhere by it. */
const fixedSettings: ReadonlySet<string> = new Set([
  'models',
  'store',
  'cluster',
  'set',
  'roots',
  'calibration',
  'telemetry',
]);

export function addSettingRoutes(app: FastifyInstance, { config }: ServerContext): void {
  const tags = ['settings'];
  const description =
    `Not among them, and not to be changed over HTTP: ${[...fixedSettings].join(', ')}. ` +
    'They are changed in the configuration file, or given when the server is started.';
  let changes: Promise<unknown> = Promise.resolve();
  const settings = (): ApiSettings => {
    const values = config.settings as Readonly<Record<string, unknown>>;
    return {
      file: basename(config.path),
      settings: Object.entries(settingsTable)
        .filter(([name]) => !fixedSettings.has(name))
        .map(([name, spec]) => ({
          name,
          ...spec,
          schema: { ...spec.schema, ...choicesOf(name) },
          ...valueOf(spec, values[name]),
          isFixed: isFixed(spec),
        })),
    };
  };

  app.get(
    '/api/settings',
    {
      schema: {
        tags,
        summary: 'The settings of runs',
        description,
        response: answers(200, 'The settings', ref('ApiSettings')),
      },
    },
    async () => {
      await config.refresh();
      return settings();
    },
  );

  app.patch<{ Body: Readonly<Record<string, unknown>> }>(
    '/api/settings',
    {
      schema: {
        tags,
        summary: 'Change settings for the runs to come; null puts a default back',
        description,
        body: { type: 'object', minProperties: 1, maxProperties: 100, additionalProperties: true },
        response: answers(200, 'The settings', ref('ApiSettings')),
      },
    },
    async ({ body }) => {
      for (const [name, value] of Object.entries(body)) {
        requireChangeable(name);
        requireAvailable(name, value);
      }
      // One after the other: each change starts from what the one before it left.
      const change = changes.then(() => config.update(body));
      changes = change.catch(() => undefined);
      await change;
      return settings();
    },
  );
}

function requireChangeable(name: string): void {
  const spec = Object.hasOwn(settingsTable, name) ? settingsTable[name] : undefined;
  if (!spec) throw new ServerError('REQUEST_INVALID', `There is no setting '${name}'.`);
  if (fixedSettings.has(name))
    throw new ServerError(
      'SETTING_FIXED',
      `The setting '${name}' is not changed over HTTP. Change it in the configuration file and start the server again.`,
    );
  if (isFixed(spec))
    throw new ServerError(
      'SETTING_FIXED',
      `The setting '${name}' is given by the environment variable ${spec.variable ?? ''}, so that a change would be in vain.`,
    );
}

/** What this build has on this machine, where a setting names a part of it. */
function choicesOf(name: string): { readonly enum?: readonly string[] } {
  if (name !== 'backend' && name !== 'target') return {};
  return { enum: [...new Set(availableBackends().map((each) => each[name]))] };
}

function requireAvailable(name: string, value: unknown): void {
  const { enum: choices } = choicesOf(name);
  if (!choices || typeof value !== 'string' || choices.includes(value)) return;
  throw new ServerError(
    'REQUEST_INVALID',
    `This server has no ${name} '${value.slice(0, 100)}'; it has ${choices.join(', ')}.`,
  );
}

function isFixed({ variable }: SettingSpec): boolean {
  return variable !== undefined && Boolean(process.env[variable]);
}

/** What holds: the environment’s word, in its own spelling, or the file’s. */
function valueOf(spec: SettingSpec, fromFile: unknown): { readonly value?: unknown } {
  if (isFixed(spec)) return { value: process.env[spec.variable ?? ''] };
  return fromFile === undefined ? {} : { value: fromFile };
}
