// What is told of a cluster's store without its key.

import { checkStoreAddress } from '../addresses.js';
import { SqlDatabase } from './database.js';
import { migrate } from './schema.js';

export interface ClusterStoreState {
  /** Its address, without secrets. */
  readonly store: string;
  readonly isEncrypted: boolean;
  /** Of the database on the server's disk, without the log that it keeps. */
  readonly bytes: number;
}

/** @throws InvalidOptionError, ClusterError */
export async function clusterStoreState(address: string): Promise<ClusterStoreState> {
  const database = await SqlDatabase.at(checkStoreAddress(address));
  try {
    await migrate(database);
    const row = await database.row(
      'SELECT salt IS NOT NULL AS is_encrypted, pg_database_size(current_database()) AS bytes FROM facededup.store',
    );
    return {
      store: database.name,
      isEncrypted: row?.['is_encrypted'] === true,
      bytes: Number(row?.['bytes']),
    };
  } finally {
    await database.close();
  }
}
