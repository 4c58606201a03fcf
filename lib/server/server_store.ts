// The store that a server is started for, and who does the runs on it.

import { isPostgresAddress } from '../cluster/addresses.js';
import { Cluster } from '../cluster/index.js';
import { ClusterStore } from '../cluster/postgres/store.js';
import { InvalidOptionError } from '../errors.js';
import { FaceStore, type ReviewStore } from '../store/index.js';
import { findHere, findNowhere, findOnCluster, type FindWork } from './run_work.js';

interface ServedStore {
  readonly store: ReviewStore;
  readonly find: FindWork;
  readonly close: () => Promise<void>;
}

/** @throws InvalidOptionError, FaceStoreError, StoreKeyError, ClusterError */
export async function openStore(
  options: { readonly store: string; readonly cluster?: string | undefined },
  parts: Parameters<typeof findHere>[1],
): Promise<ServedStore> {
  const { store: address, cluster } = options;
  if (!isPostgresAddress(address)) {
    if (cluster !== undefined)
      throw new InvalidOptionError(
        'ARGUMENT_INVALID',
        'The workers of a cluster work on its store in PostgreSQL, and not on a file: name that with --store, or leave --cluster away.',
      );
    const store = new FaceStore(address);
    return { store, find: findHere(store, parts), close: () => Promise.resolve(store.close()) };
  }
  const store = await ClusterStore.open(address);
  if (cluster === undefined) return { store, find: findNowhere, close: () => store.close() };
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
