// The OpenAPI document: whole, well formed, and true of what the server answers.

import { Ajv2020 } from 'ajv/dist/2020.js';
import t from 'tap';
import { askerOf, filledPlace, serverOn } from '../fixtures/review_server.js';

type Json = Readonly<Record<string, unknown>>;

interface Operation {
  readonly summary: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: Json }[];
  readonly requestBody?: { readonly content: Json };
  readonly responses: Readonly<
    Record<
      string,
      { readonly headers?: Json; readonly content?: Readonly<Record<string, { readonly schema: Json }>> }
    >
  >;
}

interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Json>>; readonly securitySchemes: Json };
}

const methods = ['get', 'post', 'patch', 'delete'];

t.test('it is an OpenAPI 3.1 document with all that a reader needs', async (t) => {
  const ask = askerOf(await serverOn(t, await filledPlace(t)));
  const { body: document, headers } = await ask<Document>('GET', '/api/openapi.json');
  t.match(headers['content-type'], /^application\/json/);
  t.equal(document.openapi, '3.1.0');
  t.match(document.info, { title: 'facededup', version: /^\d/ });
  t.match(document.components.securitySchemes, { token: { type: 'http', scheme: 'bearer' } });
  const ajv = new Ajv2020({ strict: false });
  for (const [path, operations] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(operations)) {
      const name = `${method} ${path}`;
      t.ok(methods.includes(method), name);
      t.ok(operation.summary && operation.tags.length > 0, `${name} says what it is for`);
      const inPath = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
      t.same(
        inPath.map((parameter) => parameter.name).sort(),
        [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter]) => parameter).sort(),
        `${name} describes what stands in its path`,
      );
      t.ok(
        Object.keys(operation.responses).some((status) => status.startsWith('2')),
        `${name} has an answer`,
      );
      t.ok(operation.responses['4XX'], `${name} tells of errors`);
      for (const { schema } of operation.parameters ?? []) t.ok(ajv.validateSchema(schema), name);
    }
  for (const [name, schema] of Object.entries(document.components.schemas))
    t.ok(ajv.validateSchema(schema), `${name} is a JSON Schema`);
  const text = JSON.stringify(document);
  const named = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref ?? '');
  t.ok(named.length > 20);
  for (const ref of new Set(named))
    t.ok(document.components.schemas[ref.replace('#/components/schemas/', '')], `${ref} is there`);
});

t.test('every address of the API is in it', async (t) => {
  const server = await serverOn(t, await filledPlace(t));
  const { body: document } = await askerOf(server)<Document>('GET', '/api/openapi.json');
  const described = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map(
      (method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
    ),
  );
  t.same(
    described.filter((name) => name.includes('/api/')).sort(),
    routesOf(server.app.printRoutes({ commonPrefix: false })),
  );
});

/** Of Fastify's drawing of its routes, a tree with a line for each address and its methods. */
function routesOf(drawing: string): string[] {
  const stack: string[] = [];
  const routes = new Set<string>();
  for (const line of drawing.split('\n')) {
    const [, indent = '', part = '', methodList] = /^([\s│├└─]*)(.*?)(?: \(([A-Z, ]+)\))?$/.exec(line) ?? [];
    const depth = indent.length / 4;
    stack.length = Math.max(depth - 1, 0);
    const path = stack.join('') + part;
    stack.push(part);
    for (const method of methodList?.split(', ') ?? [])
      if (method !== 'HEAD' && path.startsWith('/api/')) routes.add(`${method} ${path}`);
  }
  return [...routes].sort();
}

t.test('what the server answers is as it says', async (t) => {
  const { photos, ...place } = await filledPlace(t);
  const ask = askerOf(await serverOn(t, place, { waitingRuns: 0 }));
  const { body: document } = await ask<Document>('GET', '/api/openapi.json');
  const ajv = new Ajv2020({ strict: false });
  ajv.addSchema(JSON.parse(JSON.stringify(document)) as Json, 'document');
  const [a, b] = photos;
  const decision = { kind: 'photo', first: a, second: b, verdict: 'same' };
  const asked = [
    ['GET', '/api/session', '/api/session'],
    ['GET', '/api/sets', '/api/sets'],
    ['POST', '/api/sets', '/api/sets', { name: 'new' }],
    ['GET', '/api/sets/{set}', '/api/sets/default'],
    ['PATCH', '/api/sets/{set}', '/api/sets/default', { webhook: 'https://example.org/' }],
    ['GET', '/api/sets/{set}/photos', '/api/sets/default/photos'],
    ['GET', '/api/sets/{set}/runs', '/api/sets/default/runs'],
    ['GET', '/api/sets/{set}/runs/{run}', '/api/sets/default/runs/latest'],
    ['POST', '/api/sets/{set}/decisions', '/api/sets/default/decisions', { ...decision, reason: 'x' }],
    ['GET', '/api/sets/{set}/decisions', '/api/sets/default/decisions'],
    ['GET', '/api/sets/{set}/runs/{run}/pairs', '/api/sets/default/runs/1/pairs'],
    ['GET', '/api/sets/{set}/duplicates', '/api/sets/default/duplicates'],
    ['GET', '/api/sets/{set}/runs/{run}/groups', '/api/sets/default/runs/1/groups'],
    ['GET', '/api/sets/{set}/runs/{run}/histogram', '/api/sets/default/runs/1/histogram'],
    ['POST', '/api/sets/{set}/decisions/undo', '/api/sets/default/decisions/undo'],
    ['POST', '/api/sets/{set}/decisions/undo', '/api/sets/default/decisions/undo'],
    ['GET', '/api/sets/{set}/ignored-pairs', '/api/sets/default/ignored-pairs'],
    ['POST', '/api/erasures', '/api/erasures', { id: 'person-1', dryRun: true }],
    ['GET', '/api/jobs', '/api/jobs'],
    ['GET', '/api/models', '/api/models'],
    ['GET', '/api/models/{set}/history', '/api/models/encoder/history'],
    ['GET', '/api/settings', '/api/settings'],
    ['PATCH', '/api/settings', '/api/settings', { threshold: 0.45 }],
    // Errors.
    ['GET', '/api/jobs/{job}', '/api/jobs/99'],
    ['GET', '/api/jobs/{job}', '/api/jobs/x'],
    ['POST', '/api/sets/{set}/decisions', '/api/sets/default/decisions', { ...decision, second: a }],
    ['POST', '/api/sets', '/api/sets', { name: 7 }],
    ['POST', '/api/erasures', '/api/erasures', { id: 'nobody' }],
    ['PATCH', '/api/settings', '/api/settings', { roots: [] }],
    ['GET', '/api/sets/{set}/photos/image', '/api/sets/default/photos/image?name=x'],
    ['POST', '/api/sets/{set}/runs', '/api/sets/default/runs', {}],
    ['POST', '/api/sets/{set}/runs', '/api/sets/default/runs', {}],
  ] as const;
  const statuses = new Set<number>();
  for (const [method, path, url, body] of asked) {
    const answer = await ask<unknown>(method, url, body);
    statuses.add(answer.status);
    const responses = document.paths[path]?.[method.toLowerCase()]?.responses ?? {};
    const key = Object.hasOwn(responses, String(answer.status))
      ? String(answer.status)
      : `${String(answer.status)[0] ?? ''}XX`;
    t.ok(responses[key]?.content?.['application/json'], `${method} ${url} answers ${key} as described`);
    const pointer = [
      'paths',
      path,
      method.toLowerCase(),
      'responses',
      key,
      'content',
      'application/json',
      'schema',
    ]
      .map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1')))
      .join('/');
    const validate = ajv.getSchema(`document#/${pointer}`);
    t.ok(validate?.(answer.body), `${method} ${url}: ${ajv.errorsText(validate?.errors)}`);
  }
  t.ok(statuses.has(503), 'a queue that is full is among them');
  const { headers } = document.paths['/api/sets/{set}/runs']?.['post']?.responses['503'] ?? {};
  t.match(headers, { 'retry-after': { schema: { type: 'integer' } } });
});
