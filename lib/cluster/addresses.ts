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
  if (isPostgresAddress(store) && isWhole(store)) return store;
  throw wrong('store', 'postgres://USER@HOST/DATABASE', store);
}

/** @throws InvalidOptionError `ARGUMENT_INVALID` */
export function checkClusterAddress(cluster: string): string {
  if (/^rediss?:\/\//i.test(cluster) && isWhole(cluster)) return cluster;
  throw wrong('cluster', 'redis://HOST:6379', cluster);
}

/** What must not be shown of an address, wherever it stands. */
export function secretsOf(address: string): string[] {
  if (!URL.canParse(address)) return [];
  const { password, searchParams } = new URL(address);
  return [decodeURIComponent(password), searchParams.get('password') ?? ''].filter((text) => text !== '');
}

/** Whether it is read as it was meant: a password that is not encoded ends where its first slash or sharp is. */
function isWhole(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { username, password, pathname, hash } = new URL(address);
  return [username, password, pathname].every(isEncoded) && !pathname.includes('@') && hash === '';
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function wrong(what: string, like: string, given: string): InvalidOptionError {
  const shown = given.includes('://') ? redactAddress(given) : given.replace(/.*@/s, '<redacted>@');
  const advice = given.includes('@')
    ? ' In user and password, % / ? # @ are written %25 %2F %3F %23 %40.'
    : '';
  return new InvalidOptionError(
    'ARGUMENT_INVALID',
    `The ${what} of a cluster is an address such as ${like}, not '${shown}'.${advice}`,
  );
}
