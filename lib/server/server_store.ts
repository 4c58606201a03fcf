// The store that a server is started for, and who does the runs on it.

import { isPostgresAddress } from '../cluster/addresses.js';
import { Cluster, type ClusterAddresses } from '../cluster/index.js';
import { ClusterStore } from '../cluster/postgres/store.js';
import { InvalidOptionError } from '../errors.js';
import { FaceStore, type ReviewStore } from '../store/index.js';
import { findHere, findNowhere, findOnCluster, type FindWork } from './run_work.js';

interface ServedStore {
  readonly store: ReviewStore;
  readonly find: FindWork;
  readonly close: () => Promise<void>;
}

interface NamedPlaces {
  /** A file, or postgres://… */
  readonly store: string;
  readonly cluster?: string | undefined;
  readonly clusterStore?: string | undefined;
}

/** The cluster whose queue is shown. @throws InvalidOptionError `ARGUMENT_INVALID` when half of it is named */
export function clusterOf({ store, cluster, clusterStore }: NamedPlaces): ClusterAddresses | undefined {
  if (cluster === undefined) {
    if (clusterStore === undefined) return undefined;
    throw new InvalidOptionError(
      'ARGUMENT_INVALID',
      'Of a cluster its store alone is named: name its Redis, too, with --cluster redis://HOST:6379.',
    );
  }
  const address = clusterStore ?? store;
  if (isPostgresAddress(address)) return { cluster, store: address };
  throw new InvalidOptionError(
    'ARGUMENT_INVALID',
    'A cluster keeps what it is at in PostgreSQL, and not in a file: name its store with --cluster-store postgres://HOST/DATABASE, or leave --cluster away.',
  );
}

/** @throws InvalidOptionError, FaceStoreError, StoreKeyError, ClusterError */
export async function openStore(
  { store: address, cluster, clusterStore = address }: NamedPlaces,
  parts: Parameters<typeof findHere>[1],
): Promise<ServedStore> {
  if (!isPostgresAddress(address)) {
    const store = new FaceStore(address);
    return { store, find: findHere(store, parts), close: () => Promise.resolve(store.close()) };
  }
  const store = await ClusterStore.open(address);
  // The workers of another store's cluster never see this one.
  if (cluster === undefined || clusterStore !== address)
    return { store, find: findNowhere, close: () => store.close() };
  try {
    const opened = await Cluster.open({ cluster, store: address });
    const close = async () => {
      await opened.close();
      await store.close();
    };
    return { store, find: findOnCluster(opened, parts), close };
  } catch (error) {
    await store.close();
    throw error;
  }
}
