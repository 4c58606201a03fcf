// The file of a face store: opened, checked, brought up to date; what SQLite refuses becomes a typed error.

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import type * as Sqlite from '@photostructure/sqlite';
import { FaceDedupError, FaceStoreError, messageOf } from '../errors.js';
import { type Attributes, tracedSync } from '../telemetry/index.js';
import { begin, hasContent } from './beginning.js';
import { applicationId, migrations } from './schema.js';
import {
  busyTimeout,
  damaged,
  howToWrite,
  invalid,
  noFile,
  storeError,
  unwritable,
} from './sqlite_errors.js';
import { canBeWritten, wayToRead } from './unwritable.js';

export type Value = null | number | bigint | string | Uint8Array;
export type Row = Readonly<Record<string, Value>>;

export interface OpenOptions {
  readonly create: boolean;
  /** Whether a file that cannot be written to will do. */
  readonly readOnly: boolean;
}

export class Database {
  readonly path: string;
  readonly #connection: InstanceType<(typeof Sqlite)['DatabaseSync']>;
  readonly #statements = new Map<string, Sqlite.StatementSyncInstance>();
  readonly #isWritable: boolean;
  #requireUnchanged: () => void = () => undefined;

  /**
   * Opens the file, or begins it where `create` says so.
   *
   * @throws FaceStoreError `FACE_STORE_UNUSABLE`, `FACE_STORE_INVALID`, `FACE_STORE_MISSING`
   */
  constructor(path: string, { create, readOnly }: OpenOptions) {
    if (/^postgres(ql)?:\/\//i.test(path)) throw noFile(path);
    this.path = path;
    if (!existsSync(path)) {
      if (!create)
        throw new FaceStoreError('FACE_STORE_MISSING', `There is no face store '${path}'. Check the path.`);
      this.#guarded(() => begin(path, (file) => makeEmpty(sqlite(path), file)));
    }
    if (!hasContent(path))
      throw invalid(
        `The file '${path}' is empty, which no face store is. If it was one, restore it from a backup; to begin one, ` +
          'remove the file or name another.',
      );
    this.#isWritable = canBeWritten(path);
    if (!this.#isWritable && !readOnly) throw unwritable(path);
    const { DatabaseSync } = sqlite(path);
    this.#connection = this.#guarded(() => {
      const timeout = busyTimeout;
      if (this.#isWritable)
        return new DatabaseSync(resolve(path), { timeout, enableForeignKeyConstraints: true });
      const { location, requireUnchanged } = wayToRead(path);
      const connection = new DatabaseSync(location, { timeout, readOnly: true });
      this.#requireUnchanged = requireUnchanged;
      return connection;
    });
    try {
      this.#guarded(() => this.#prepare());
    } catch (error) {
      this.#connection.close();
      throw error;
    }
  }

  all(sql: string, ...values: readonly Value[]): Row[] {
    return this.#guarded(() => this.#statement(sql).all(...values) as Row[]);
  }

  get(sql: string, ...values: readonly Value[]): Row | undefined {
    return this.#guarded(() => this.#statement(sql).get(...values) as Row | undefined);
  }

  /** Row by row. The statement is the caller's until the last row: nothing else may run it meanwhile. */
  *rows(sql: string, ...values: readonly Value[]): Generator<Row, void, undefined> {
    const rows = this.#guarded(() => this.#connection.prepare(sql).iterate(...values));
    try {
      for (;;) {
        const next = this.#guarded(() => rows.next());
        if (next.done) return;
        yield next.value as Row;
      }
    } finally {
      rows.return?.();
    }
  }

  /** What was kept as JSON. @throws FaceStoreError `FACE_STORE_INVALID` where it is none any more. */
  json(text: Value | undefined): unknown {
    try {
      return JSON.parse(String(text));
    } catch (cause) {
      throw this.damaged('a text in it is cut off or overwritten', cause);
    }
  }

  /**
   * Whether the file's tables and indexes fit each other. Takes about half as long as reading all of it.
   *
   * @throws FaceStoreError `FACE_STORE_INVALID`
   */
  requireSound(): void {
    const rows = this.reading('integrity_check', () => this.all('PRAGMA integrity_check(1)'));
    const found = rows.map((row) => String(Object.values(row)[0]));
    if (found[0] !== 'ok') throw this.damaged(found[0] ?? 'SQLite cannot check it');
  }

  /** Whether each row has the rows it refers to. @throws FaceStoreError `FACE_STORE_INVALID` */
  requireNothingMissing(): void {
    const row = this.get('SELECT "table", parent FROM pragma_foreign_key_check LIMIT 1');
    if (row)
      throw this.damaged(`${String(row['table'])} in it refer to ${String(row['parent'])} that are missing`);
  }

  /** @param how ends the sentence that says it. */
  damaged(how: string, cause?: unknown): FaceStoreError {
    return damaged(this.path, how, cause);
  }

  /** @returns the rowid of the row inserted last, and how many rows changed. */
  run(sql: string, ...values: readonly Value[]): { readonly id: number; readonly changes: number } {
    return this.#guarded(() => {
      const { lastInsertRowid, changes } = this.#statement(sql).run(...values);
      return { id: Number(lastInsertRowid), changes: Number(changes) };
    });
  }

  /** Reads much, and so that telemetry tells of it. @param operation what it is told as. */
  reading<T>(operation: string, work: () => T): T {
    return tracedSync('facededup.store.read', told(operation), work);
  }

  /** All of it or nothing. Not to be nested. @param operation what telemetry tells it as. */
  transaction<T>(work: () => T, operation = 'transaction'): T {
    return tracedSync('facededup.store.write', told(operation), () => this.#transaction(work));
  }

  #transaction<T>(work: () => T): T {
    this.#guarded(() => this.#connection.exec('BEGIN IMMEDIATE'));
    try {
      const result = work();
      this.#guarded(() => this.#connection.exec('COMMIT'));
      return result;
    } catch (error) {
      // A failed COMMIT may have ended the transaction itself.
      if (this.#connection.isTransaction) this.#connection.exec('ROLLBACK');
      throw error;
    }
  }

  /** May be called again. */
  close(): void {
    if (!this.#connection.isOpen) return;
    this.#statements.clear();
    try {
      // Statements that await garbage collection keep SQLite from doing so itself; a copy of the file shall be whole, and
      // no log be left that nobody needs. Others who are reading are not waited for.
      if (this.#isWritable) this.#connection.exec('PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
      // A full or broken disk: what was written stays in the log, and is read from there.
    } finally {
      this.#connection.close();
    }
  }

  #statement(sql: string): Sqlite.StatementSyncInstance {
    let statement = this.#statements.get(sql);
    if (!statement) this.#statements.set(sql, (statement = this.#connection.prepare(sql)));
    return statement;
  }

  #prepare(): void {
    const pragma = (name: string) => Number(Object.values(this.get(`PRAGMA ${name}`) ?? {})[0]);
    const isEmpty = this.get('SELECT 1 FROM sqlite_schema') === undefined;
    if (!isEmpty && pragma('application_id') !== applicationId)
      throw invalid(`The file '${this.path}' is a SQLite database, but no face store. Name another file.`);
    if (pragma('user_version') > migrations.length)
      throw invalid(
        `The face store '${this.path}' was written by a newer release of facededup. Update facededup to use it.`,
      );
    if (!this.#isWritable) return this.#requireCurrent(isEmpty, pragma('user_version'));
    // Survives the death of the process at any moment; a write-ahead log also lets others read during a run.
    // What is deleted is overwritten: encodings of people who asked to be forgotten do not stay in the file.
    this.#connection.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON; PRAGMA cell_size_check = ON;',
    );
    if (pragma('user_version') === migrations.length) return;
    this.transaction(() => {
      // Another process may have done it while this one waited for its turn.
      migrations.slice(pragma('user_version')).forEach((migration) => this.#connection.exec(migration));
      this.#connection.exec(`PRAGMA application_id = ${applicationId}`);
      this.#connection.exec(`PRAGMA user_version = ${migrations.length}`);
    });
  }

  /** What cannot be written cannot be brought up to date either. */
  #requireCurrent(isEmpty: boolean, version: number): void {
    if (!isEmpty && version === migrations.length) return;
    throw new FaceStoreError(
      'FACE_STORE_UNUSABLE',
      `The face store '${this.path}' was written by an older release of facededup, and cannot be written to, which is ` +
        `needed to bring it up to date. ${howToWrite}`,
    );
  }

  #guarded<T>(work: () => T): T {
    try {
      const result = work();
      this.#requireUnchanged();
      return result;
    } catch (cause) {
      if (cause instanceof FaceDedupError) throw cause;
      throw storeError(this.path, cause, this.#isWritable);
    }
  }
}

function told(operation: string): Attributes {
  return { 'db.system.name': 'sqlite', 'db.operation.name': operation };
}

/** Loaded when a store is first opened: it is native, and whoever needs no store shall not need it either. */
function sqlite(path: string): typeof Sqlite {
  try {
    return createRequire(import.meta.url)('@photostructure/sqlite') as typeof Sqlite;
  } catch (cause) {
    const reason = messageOf(cause);
    throw new FaceStoreError(
      'FACE_STORE_UNUSABLE',
      `The face store '${path}' cannot be opened: SQLite does not load on this machine. Install facededup anew. Reason: ${reason}`,
      { cause },
    );
  }
}

/** A file that is marked as ours and has no tables yet. No connection to it is left behind, which would know it by this name. */
function makeEmpty({ DatabaseSync }: typeof Sqlite, file: string): void {
  const connection = new DatabaseSync(':memory:');
  connection.exec(`PRAGMA application_id = ${applicationId}`);
  connection.prepare('VACUUM INTO ?').run(file);
  connection.close();
}

/** For LIKE with a backslash as its ESCAPE: what holds this text, whatever signs are in it. */
export function patternContaining(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`;
}
