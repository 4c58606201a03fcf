// Writes schema/facededup.config.schema.json, where editors find it, from the table of settings as built.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { configSchema, schemaFile } from '../dist/esm/settings/schema.js';

const file = fileURLToPath(new URL(`../${schemaFile}`, import.meta.url));
mkdirSync(dirname(file), { recursive: true });
const layout = await resolveConfig(file);
writeFileSync(file, await format(JSON.stringify(configSchema), { ...layout, filepath: file }));
