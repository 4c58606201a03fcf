// The face store's door.

export {
  type DecidedPhoto,
  type Decision,
  DecisionIndex,
  type DecisionTable,
  isVerdict,
  type NewDecision,
  type SubjectKind,
} from './decisions.js';
export {
  decryptStore,
  type EncryptionChange,
  encryptStore,
  isEncryptedStore,
  rekeyStore,
} from './encryption.js';
export type { ErasedFromSet, EraseOptions, Erasure } from './erase.js';
export {
  type CheckedStore,
  defaultSet,
  FaceStore,
  type FaceStoreOptions,
  type PhotoSet,
  type PhotoSetFacts,
} from './face_store.js';
export type { ListedPhoto, PhotosQuery, PhotoTable, PhotoTableFacts, SeenPhoto } from './photo_table.js';
export {
  type DistanceHistogram,
  type PairsPage,
  type PairsQuery,
  pairKey,
  type PlacedPair,
  type RunFacts,
  type RunTable,
} from './run_table.js';
export type {
  Awaitable,
  ReviewDecisions,
  ReviewPhotos,
  ReviewRuns,
  ReviewSet,
  ReviewStore,
} from './review_store.js';
export type { StoreKey } from './store_key.js';
