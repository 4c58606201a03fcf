// A face store's file without anything that is no longer in the store.

import { FaceStoreError } from '../errors.js';
import type { Database } from './database.js';

/**
 * Writes the file anew and empties the log beside it. What was deleted was overwritten at once (`secure_delete`); here go
 * the copies of it that moving rows about may have left, and those in the log.
 *
 * @throws FaceStoreError `FACE_STORE_BUSY` when another process still reads what the log holds
 */
export function compact(database: Database): void {
  database.run('VACUUM');
  const row = database.get('PRAGMA wal_checkpoint(TRUNCATE)');
  if (Number(row?.['busy'] ?? 0) === 0) return;
  throw new FaceStoreError(
    'FACE_STORE_BUSY',
    `What was deleted is gone from the face store, but another process reads from the log beside '${database.path}', ` +
      'which cannot be emptied meanwhile. Run `facededup store compact` when it has ended.',
  );
}
