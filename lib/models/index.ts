// The model store's door.

export type { ModelsOption } from './locations.js';
export {
  type Manifest,
  type ModelFile,
  type ModelKey,
  type ModelSetName,
  type OfficialFile,
  officialManifest,
  setsOf,
} from './manifest.js';
export { downloadDebianSource, unpackArchive } from './sources/debian.js';
export { defaultSources, type ModelSourceName } from './sources/index.js';
export type { FetchProgress } from './sources/source.js';
export {
  type CandidateCheck,
  type FetchOptions,
  type LoadedModel,
  type ModelState,
  type ModelStatus,
  ModelStore,
  type ModelStoreOptions,
  type UpdateOptions,
} from './store.js';
export type { ModelChange, ModelVersion, RemovedVersion, VersionFile } from './versions.js';
