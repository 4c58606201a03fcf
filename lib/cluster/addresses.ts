// The addresses of a cluster's two engines: told apart from files, checked, and never shown with their secrets.

import { InvalidOptionError } from '../errors.js';
import { redactAddress } from '../redaction.js';

/** Where a cluster's engines are. */
export interface ClusterAddresses {
  /** Of Redis: `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]`, or `rediss://` with TLS. */
  readonly cluster: string;
  /** Of PostgreSQL: `postgres://[USER:PASSWORD@]HOST[:PORT]/DATABASE[?sslmode=…]`. */
  readonly store: string;
}

/** Whether a store is named by the address of a PostgreSQL server, and not by a file's. */
export function isPostgresAddress(store: string): boolean {
  return /^postgres(ql)?:\/\//i.test(store);
}

/** @throws InvalidOptionError `ARGUMENT_INVALID` */
export function checkStoreAddress(store: string): string {
  if (isPostgresAddress(store) && URL.canParse(store)) return store;
  throw wrong('store', 'postgres://USER@HOST/DATABASE', store);
}

/** @throws InvalidOptionError `ARGUMENT_INVALID` */
export function checkClusterAddress(cluster: string): string {
  if (/^rediss?:\/\//i.test(cluster) && URL.canParse(cluster)) return cluster;
  throw wrong('cluster', 'redis://HOST:6379', cluster);
}

/** What must not be shown of an address, wherever it stands. */
export function secretsOf(address: string): string[] {
  if (!URL.canParse(address)) return [];
  const { password, searchParams } = new URL(address);
  return [decodeURIComponent(password), searchParams.get('password') ?? ''].filter((text) => text !== '');
}

function wrong(what: string, like: string, given: string): InvalidOptionError {
  return new InvalidOptionError(
    'ARGUMENT_INVALID',
    `The ${what} of a cluster is an address such as ${like}, not '${redactAddress(given)}'.`,
  );
}
