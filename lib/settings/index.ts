// The door of settings.

export { belowEnvironment, ConfigFile, configFileName, type SettingChanges } from './config_file.js';
export { configSchema } from './schema.js';
export {
  engineSettings,
  type SettingSchema,
  type Settings,
  type SettingSpec,
  settingsTable,
} from './table.js';
