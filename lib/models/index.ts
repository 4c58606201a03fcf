// The model store's door.

export { defaultSources, type ModelSourceName, type ModelsOption } from './locations.js';
export { type Manifest, type ModelFile, type ModelKey, officialManifest } from './manifest.js';
export { downloadDebianSource, unpackArchive } from './sources/debian.js';
export type { FetchProgress } from './sources/source.js';
export {
  type FetchOptions,
  type LoadedModel,
  type ModelState,
  type ModelStatus,
  ModelStore,
  type ModelStoreOptions,
} from './store.js';
