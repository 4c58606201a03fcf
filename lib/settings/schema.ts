// The JSON Schema of facededup.config.json, made of the table of settings.

import { join } from 'node:path';
import { type SettingSpec, settingsTable } from './table.js';

function property({ description, schema, variable, default: fallback }: SettingSpec) {
  const note = variable === undefined ? '' : ` The environment variable ${variable} goes before it.`;
  return {
    description: `${description}${note}`,
    ...schema,
    ...(fallback === undefined ? {} : { default: fallback }),
  };
}

/** Of the package. */
export const schemaFile = join('schema', 'facededup.config.schema.json');

/** As shipped in `schema/facededup.config.schema.json`, where editors find it. */
export const configSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Configuration of facededup',
  type: 'object',
  properties: {
    $schema: { type: 'string' },
    ...Object.fromEntries(Object.entries(settingsTable).map(([name, spec]) => [name, property(spec)])),
  },
  additionalProperties: false,
} as const;
