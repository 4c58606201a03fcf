// A store's tables without what is no longer in them: PostgreSQL keeps deleted rows, and samples of values, for a while.

import { ClusterError } from '../../errors.js';
import type { SqlDatabase } from './database.js';

/**
 * Removes the dead rows of the tables, as far as no transaction that began earlier still sees them, and the samples of
 * values that the planner goes by. Others go on meanwhile.
 *
 * @throws ClusterError `CLUSTER_STORE_REFUSED` when the user does not own the tables
 */
export async function tidy(database: SqlDatabase): Promise<void> {
  await requireOwner(database);
  for (const table of await tablesOf(database)) {
    await database.run(`VACUUM (ANALYZE) facededup.${table}`);
    await forgetSamples(database, table);
  }
  // The samples' own dead rows; whoever owns the tables and not the database is told no, and nothing breaks.
  await database.run('VACUUM pg_catalog.pg_statistic');
}

/**
 * Writes the tables anew, so that no byte of what was deleted stays in their files. Each is locked meanwhile: workers and
 * everybody else wait.
 *
 * @throws ClusterError as tidy
 */
export async function compact(database: SqlDatabase): Promise<void> {
  await requireOwner(database);
  for (const table of await tablesOf(database)) {
    await database.run(`VACUUM (FULL, ANALYZE) facededup.${table}`);
    await forgetSamples(database, table);
  }
  await database.run('VACUUM pg_catalog.pg_statistic');
}

/** All of them: a table that a later release adds is not forgotten. */
async function tablesOf(database: SqlDatabase): Promise<string[]> {
  const rows = await database.rows(
    `SELECT relname FROM pg_catalog.pg_class
     WHERE relnamespace = 'facededup'::regnamespace AND relkind = 'r' ORDER BY relname`,
  );
  return rows.map(({ relname }) => String(relname));
}

/** PostgreSQL keeps those of a table that is empty by now; a column that takes its own type loses them. */
async function forgetSamples(database: SqlDatabase, table: string): Promise<void> {
  await database.transaction(async (sql) => {
    if (await sql.row(`SELECT 1 FROM facededup.${table} LIMIT 1`)) return;
    const columns = await sql.rows(
      `SELECT attname, atttypid::regtype::text AS type, attcollation = 'pg_catalog."C"'::regcollation AS is_c
       FROM pg_catalog.pg_stats JOIN pg_catalog.pg_attribute USING (attname)
       WHERE schemaname = 'facededup' AND tablename = '${table}' AND attrelid = 'facededup.${table}'::regclass
         AND atttypid IN ('text'::regtype, 'bytea'::regtype)`,
    );
    if (columns.length === 0) return;
    const changes = columns.map(
      ({ attname, type, is_c: isC }) =>
        `ALTER COLUMN ${String(attname)} TYPE ${String(type)}${isC === true ? ' COLLATE "C"' : ''}`,
    );
    await sql.run(`ALTER TABLE facededup.${table} ${changes.join(', ')}`);
  });
}

/** Who may not tidy is not to find out when half of it is done. @throws ClusterError `CLUSTER_STORE_REFUSED` */
export async function requireOwner(database: SqlDatabase): Promise<void> {
  const row = await database.row(
    `SELECT pg_has_role(relowner, 'USAGE') AS is_owner FROM pg_catalog.pg_class WHERE oid = 'facededup.contents'::regclass`,
  );
  if (row?.['is_owner'] === true) return;
  throw new ClusterError(
    'CLUSTER_STORE_REFUSED',
    `The store ${database.name} may be written to, and not tidied, by this user: run this as the user who owns its tables.`,
  );
}
