// The door of the server.

export * from './api.js';
export { createServer, type FaceServer, isLoopback, type RunEnded, type ServerOptions } from './server.js';
export { makeToken } from './sessions.js';
export {
  ConfigFile,
  type SettingChanges,
  type Settings,
  type SettingSchema,
  type SettingSpec,
} from '../settings/index.js';
