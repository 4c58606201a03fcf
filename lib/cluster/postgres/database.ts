// A PostgreSQL database: statements and transactions that outlive its restarts, and its errors made into ours.

import type { Pool, PoolClient } from 'pg';
import { ClusterError, FaceDedupError, InvalidOptionError, throwIfAborted } from '../../errors.js';
import { redact, redactAddress } from '../../redaction.js';
import { traced } from '../../telemetry/index.js';
import { secretsOf } from '../addresses.js';
import { loadPostgres } from '../packages.js';
import { pause } from '../pause.js';

/** As `pg` gives it: numbers of 64 bits are strings. */
export type SqlValue = null | boolean | number | string | Date | Uint8Array;

export type SqlRow = Readonly<Record<string, SqlValue>>;

/** What statements are given to: a connection in a transaction, or the database, where each is one of its own. */
export interface Sql {
  rows(text: string, values?: readonly unknown[]): Promise<SqlRow[]>;
  /** The first of the rows. */
  row(text: string, values?: readonly unknown[]): Promise<SqlRow | undefined>;
  /** @returns how many rows were written. */
  run(text: string, values?: readonly unknown[]): Promise<number>;
}

export interface SqlOptions {
  /** Seconds for which a server that cannot be reached is waited for; default 5. */
  readonly patience?: number | undefined;
  /** Ends waiting. */
  readonly signal?: AbortSignal | undefined;
  /** Seconds after which the server ends a transaction of which nothing is heard; default 60. */
  readonly idleSeconds?: number | undefined;
}

const firstDelay = 100;
const longestDelay = 5000;
/** A worker asks for one thing at a time, and for its heartbeat beside it. */
const connections = 4;

export class SqlDatabase implements Sql {
  /** Without secrets. */
  readonly name: string;
  readonly #pool: Pool;
  readonly #secrets: readonly string[];
  readonly #patience: number;
  readonly #signal: AbortSignal | undefined;

  private constructor(address: string, pool: Pool, { patience = 5, signal }: SqlOptions) {
    this.name = redactAddress(address);
    this.#pool = pool;
    this.#secrets = secretsOf(address);
    this.#patience = patience;
    this.#signal = signal;
    // Of a connection that nobody uses: the next statement meets the same, and is tried again.
    pool.on('error', () => undefined);
  }

  /** @throws ClusterError `CLUSTER_PACKAGE_MISSING`, InvalidOptionError `ARGUMENT_INVALID` */
  static async at(address: string, options: SqlOptions = {}): Promise<SqlDatabase> {
    const { Client, Pool } = await loadPostgres();
    try {
      // Reads the address, and the certificates that it names, which the pool does only when it connects.
      new Client({ connectionString: address });
    } catch (cause) {
      const reason = redact(firstLine(cause as Error), secretsOf(address));
      throw new InvalidOptionError(
        'ARGUMENT_INVALID',
        `The address of the store ${redactAddress(address)} cannot be used: ${reason}.`,
        { cause },
      );
    }
    const pool = new Pool({
      connectionString: address,
      max: connections,
      connectionTimeoutMillis: 5000,
      keepAlive: true,
      application_name: 'facededup',
      // A worker that is cut off in a transaction must not keep its rows from the others.
      idle_in_transaction_session_timeout: (options.idleSeconds ?? 60) * 1000,
    });
    return new SqlDatabase(address, pool, options);
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  rows(text: string, values?: readonly unknown[]): Promise<SqlRow[]> {
    return this.#withClient(wordOf(text), (client) => client.rows(text, values));
  }

  row(text: string, values?: readonly unknown[]): Promise<SqlRow | undefined> {
    return this.#withClient(wordOf(text), (client) => client.row(text, values));
  }

  run(text: string, values?: readonly unknown[]): Promise<number> {
    return this.#withClient(wordOf(text), (client) => client.run(text, values));
  }

  /**
   * All of the work or nothing. It is done again when the server was lost, also when nobody knows whether it took the
   * last of it: whatever is written must be the same twice.
   *
   * @throws ClusterError `CLUSTER_STORE_UNREACHABLE`, `CLUSTER_STORE_REFUSED`, AbortedError, what `work` throws
   */
  transaction<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result> {
    return this.#withClient('transaction', async (client) => {
      await client.run('BEGIN');
      try {
        const result = await work(client);
        await client.run('COMMIT');
        return result;
      } catch (error) {
        await client.run('ROLLBACK').catch(() => undefined);
        throw error;
      }
    });
  }

  /** @param operation what telemetry tells it as. */
  #withClient<Result>(operation: string, work: (client: Connection) => Promise<Result>): Promise<Result> {
    const name = operation === 'SELECT' ? 'facededup.store.read' : 'facededup.store.write';
    return traced(name, { 'db.system.name': 'postgresql', 'db.operation.name': operation }, () =>
      this.#withPatience(work),
    );
  }

  async #withPatience<Result>(work: (client: Connection) => Promise<Result>): Promise<Result> {
    const givenUpAt = performance.now() + this.#patience * 1000;
    for (let delay = firstDelay; ; delay = Math.min(2 * delay, longestDelay)) {
      try {
        return await this.#once(work);
      } catch (error) {
        if (error instanceof FaceDedupError) throw error;
        if (!isPassing(error) || performance.now() + delay > givenUpAt) throw this.#typed(error);
        throwIfAborted(this.#signal);
        await pause(delay * (0.5 + Math.random() / 2), this.#signal);
      }
    }
  }

  async #once<Result>(work: (client: Connection) => Promise<Result>): Promise<Result> {
    const client = await this.#pool.connect();
    let lost: Error | undefined;
    const onLost = (error: Error) => (lost = error);
    client.on('error', onLost);
    try {
      return await work(new Connection(client));
    } catch (error) {
      if (isOfTheConnection(error)) lost ??= error as Error;
      throw error;
    } finally {
      client.off('error', onLost);
      client.release(lost ?? false);
    }
  }

  #typed(error: unknown): Error {
    if (!(error instanceof Error)) return new Error(String(error));
    const reason = redact(firstLine(error), this.#secrets);
    if (isPassing(error))
      return new ClusterError(
        'CLUSTER_STORE_UNREACHABLE',
        `The store ${this.name} cannot be reached: ${reason}. Check its address, and that PostgreSQL is up.`,
      );
    if (isOfTls(error))
      return new ClusterError(
        'CLUSTER_STORE_UNREACHABLE',
        `The store ${this.name} cannot be reached by TLS: ${reason}. Check the server's certificate, and sslmode and ` +
          'sslrootcert in the address.',
      );
    if (codeOf(error) === notText)
      return new InvalidOptionError(
        'ARGUMENT_INVALID',
        `The store ${this.name} keeps texts without the character NUL, and one was given that has it.`,
      );
    if (isRefusal(error))
      return new ClusterError(
        'CLUSTER_STORE_REFUSED',
        `The store ${this.name} may not be used: ${reason}. Check its user, password, database and rights.`,
      );
    return error;
  }
}

class Connection implements Sql {
  readonly #client: PoolClient;

  constructor(client: PoolClient) {
    this.#client = client;
  }

  async rows(text: string, values: readonly unknown[] = []): Promise<SqlRow[]> {
    return (await this.#client.query<SqlRow>(text, [...values])).rows;
  }

  async row(text: string, values?: readonly unknown[]): Promise<SqlRow | undefined> {
    return (await this.rows(text, values))[0];
  }

  async run(text: string, values: readonly unknown[] = []): Promise<number> {
    return (await this.#client.query(text, [...values])).rowCount ?? 0;
  }
}

/** The first word of a statement, which says what it does. */
function wordOf(statement: string): string {
  return /^\s*([A-Z]+)/.exec(statement)?.[1] ?? 'statement';
}

function firstLine({ message }: Error): string {
  return (message.split('\n')[0] ?? '').replace(/\.$/, '') || 'the connection broke off';
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** Character not in repertoire, as NUL is in none. */
const notText = '22021';
/** https://www.postgresql.org/docs/current/errcodes-appendix.html: connections, and a server that starts, ends or is full. */
const lostStates = /^(08...|57P0[1-3]|57P05|53...|25P03)$/;
/** Serialization failure, deadlock, lock not available. */
const contendedStates = /^(40001|40P01|55P03)$/;
const systemFaults = /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EHOST|ENET|EAI_AGAIN)/;
/** https://nodejs.org/docs/latest/api/tls.html#x509-certificate-error-codes */
const tlsFaults = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|ERR_TLS_|ERR_SSL_|EPROTO)/;
/** What `pg` says without a code. */
const lostInWords =
  /Connection terminated|timeout exceeded when trying to connect|connection error and is not queryable|Query read timeout/;

function isOfTheConnection(error: unknown): boolean {
  const code = codeOf(error);
  if (lostStates.test(code) || systemFaults.test(code)) return true;
  // Of a host with several addresses.
  if (error instanceof AggregateError) return error.errors.some(isOfTheConnection);
  return error instanceof Error && lostInWords.test(error.message);
}

function isOfTls(error: Error): boolean {
  return tlsFaults.test(codeOf(error)) || /SSL connection/.test(error.message);
}

function isPassing(error: unknown): boolean {
  return isOfTheConnection(error) || contendedStates.test(codeOf(error));
}

/** Wrong password, no such database, no rights, no such user. */
function isRefusal(error: unknown): boolean {
  return /^(28...|3D000|42501)$/.test(codeOf(error)) || (error as Error).message.startsWith('SASL');
}
