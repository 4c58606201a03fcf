// What the routes work with.

import type { ModelsOption, ModelStore } from '../models/index.js';
import type { ConfigFile } from '../settings/index.js';
import type { ReviewStore } from '../store/index.js';
import type { ErrorAnswers } from './answers.js';
import type { ClusterView } from './cluster_view.js';
import type { JobQueue } from './jobs.js';
import type { RootedPhotos } from './rooted_photos.js';
import type { FindWork } from './run_work.js';
import type { Sessions } from './sessions.js';
import type { Viewer } from './viewer.js';
import type { Webhooks } from './webhooks.js';

export interface ServerContext {
  readonly version: string;
  readonly store: ReviewStore;
  /** The set that the server was started for. */
  readonly defaultSet: string;
  readonly config: ConfigFile;
  readonly photos: RootedPhotos;
  readonly jobs: JobQueue;
  /** What a run that is asked for does. */
  readonly find: FindWork;
  readonly sessions: Sessions;
  readonly viewer: Viewer;
  readonly webhooks: Webhooks;
  /** Where model files lie: chosen by whoever started the server, and not to be changed over HTTP. */
  readonly models: Exclude<ModelsOption, string>;
  readonly modelStore: ModelStore;
  readonly errors: ErrorAnswers;
  readonly access: AccessRules;
  /** Undefined: the server shows none. */
  readonly cluster: ClusterView | undefined;
  /** The most bytes of an uploaded file of weights. */
  readonly uploadLimit: number;
}

/** Who may ask, and how they are told from those who may not. */
export interface AccessRules {
  /** Names of hosts that the server answers to, in small letters and without a port. */
  readonly hosts: readonly string[];
  /** Whether it is reached by the addresses of the machine, too, and not by loopback alone. */
  readonly isOpen: boolean;
  /** Whether browsers reach it by https, here or at a proxy before it. */
  readonly isSecure: boolean;
  readonly isBehindProxy: boolean;
}
