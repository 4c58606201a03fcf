// The store that a command is about: a file, or the store of a cluster, told by its address.

import { isPostgresAddress } from '../cluster/addresses.js';
import { ClusterStore } from '../cluster/postgres/store.js';
import type { ReviewStore } from '../store/index.js';
import { openStore, storeFile } from './shared_options.js';

/**
 * @param options of a file; see openStore. A cluster's store is begun in an empty database.
 * @throws InvalidOptionError, FaceStoreError, ClusterError, StoreKeyError
 */
export async function openAnyStore(
  flags: { readonly store?: string | undefined },
  options: Parameters<typeof openStore>[1] = {},
): Promise<ReviewStore> {
  const store = storeFile(flags);
  return isPostgresAddress(store) ? ClusterStore.open(store) : openStore(flags, options);
}
