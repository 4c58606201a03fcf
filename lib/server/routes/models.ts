// /api/models: the model files and their state, uploads of Caffe models, and the way back.

import { basename } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { ModelMissingError, ModelStoreError } from '../../errors.js';
import { type CandidatePhoto, checkCandidate } from '../../model_check.js';
import type { ModelSetName } from '../../models/index.js';
import type { ApiModel, ApiModelHistory } from '../api.js';
import type { ServerContext } from '../context.js';
import { engineOptionsOf } from '../engine_settings.js';
import { answers, arrayOf, modelSetParams, object, ref } from '../schemas.js';
import { closeWithServer, Turns } from '../turns.js';
import { ModelUploads, type Upload } from '../uploads.js';
import { goneSignal } from './shared.js';

interface ModelSetParams {
  readonly set: ModelSetName;
}

export function addModelRoutes(app: FastifyInstance, context: ServerContext): void {
  const { modelStore } = context;
  const tags = ['models'];
  // Each reads 140 MB.
  const reading = new Turns({ atOnce: 1, waiting: 16, what: 'lists of models', retryAfter: 5 });
  closeWithServer(app, reading);
  const history = answers(200, 'The versions of the set', ref('ApiModelHistory'));

  app.get(
    '/api/models',
    {
      schema: {
        tags,
        summary: 'The model files and their state',
        response: answers(200, 'All', arrayOf(ref('ApiModel'))),
      },
    },
    async (_request, reply): Promise<ApiModel[]> => {
      const states = await reading.take(() => modelStore.status(), goneSignal(reply));
      return states.map(({ key, set, name, state, version, sha256, licence }) => {
        return { key, set, name, state, version: version ?? null, sha256: sha256 ?? null, licence };
      });
    },
  );

  app.get<{ Params: ModelSetParams }>(
    '/api/models/:set/history',
    {
      schema: {
        tags,
        summary: 'The versions of a set, and when each came into use',
        params: modelSetParams,
        response: history,
      },
    },
    ({ params }) => historyOf(context, params.set),
  );

  app.post<{ Params: ModelSetParams; Body: { readonly version?: string } | null }>(
    '/api/models/:set/rollback',
    {
      schema: {
        tags,
        summary: 'Put an earlier version back in use; default the one before',
        params: modelSetParams,
        body: object({ version: { type: 'string', minLength: 1, maxLength: 64 } }, ['version']),
        response: history,
      },
    },
    async ({ params, body }) => {
      await rollBack(context, params.set, body?.version);
      return historyOf(context, params.set);
    },
  );

  void app.register((scope, _options, done) => {
    addUpload(scope, context);
    done();
  });
}

/** In a scope of its own: no other route takes multipart. */
function addUpload(app: FastifyInstance, context: ServerContext): void {
  const uploads = new ModelUploads(context.uploadLimit);
  uploads.register(app);
  app.post(
    '/api/models/ssd/versions',
    {
      schema: {
        tags: ['models'],
        summary: 'Upload a Caffe model that finds faces, and use it once it has passed the checks',
        description:
          'multipart/form-data with the files `prototxt` and `caffemodel`; a `photo` on which it must find `faces` faces, where ' +
          'the drawn one is not like those it was made for; `version`, its name. The fields go before the files.',
        consumes: ['multipart/form-data'],
        response: answers(201, 'The versions of the set', ref('ApiModelHistory')),
      },
    },
    async (request, reply) => {
      // What is left of a body that was refused is not waited for.
      reply.header('connection', 'close');
      await uploads.receive(request, (upload) => activate(context, upload));
      reply.status(201);
      return historyOf(context, 'ssd');
    },
  );
}

async function rollBack(
  { modelStore }: ServerContext,
  set: ModelSetName,
  version: string | undefined,
): Promise<void> {
  try {
    await modelStore.rollback(set, version);
  } catch (cause) {
    if (!(cause instanceof ModelMissingError)) throw cause;
    throw new ModelStoreError(
      'MODEL_VERSION_INCOMPLETE',
      `The files of ${version === undefined ? 'the version before' : `the version '${version}'`} are not all on this ` +
        'server, so the one chosen now stays. Whoever runs it gets those of the official version with ' +
        "'npx facededup models fetch'.",
      { cause },
    );
  }
}

async function activate({ modelStore, models, config }: ServerContext, upload: Upload): Promise<void> {
  const photo: CandidatePhoto | undefined =
    upload.photo === undefined ? undefined : { photo: upload.photo, faces: upload.faces };
  const engine = engineOptionsOf(await config.refresh());
  await modelStore.update(upload.folder, checkCandidate({ photo, engine, models }), {
    set: 'ssd',
    version: upload.version,
  });
}

async function historyOf({ modelStore }: ServerContext, set: ModelSetName): Promise<ApiModelHistory> {
  const { current, hiddenBy, changes, versions } = await modelStore.history(set);
  return {
    set,
    current,
    hiddenBy: hiddenBy === undefined ? null : basename(hiddenBy),
    changes,
    versions: versions.map(({ version, addedAt, source, files, checks }) => ({
      version,
      addedAt,
      source: publicSource(source),
      files: files.map(({ name, sha256 }) => ({ name, sha256 })),
      checks,
    })),
  };
}

/** Where on the server a folder lies is its own affair; an upload's is gone. */
function publicSource(source: string): string {
  if (!source.startsWith('the folder ')) return source;
  return source.includes(ModelUploads.folderPrefix) ? 'an upload' : 'a folder of the server';
}
