// The door of settings.

export { belowEnvironment, ConfigFile, configFileName, type SettingChanges } from './config_file.js';
export { type SettingInForce, settingsInForce } from './in_force.js';
export { configSchema, schemaFile } from './schema.js';
export { beginConfig } from './starter.js';
export {
  engineSettings,
  type SettingSchema,
  type Settings,
  type SettingSpec,
  settingsTable,
} from './table.js';
