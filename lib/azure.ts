// Azure Blob Storage: which container, by which credentials, and its blobs as streams that never mix two versions.

import type { ContainerClient, StoragePipelineOptions } from '@azure/storage-blob';
import { backOff, type BackoffOptions } from 'exponential-backoff';
import { AzureError, InvalidOptionError, throwIfAborted } from './errors.js';
import { nonEmptyString, type OptionSpec, optionsObject, readOptions } from './options.js';
import { redact } from './redaction.js';

/**
 * A part of a container. What names no credential takes them from the environment variables of the Azure command line:
 * AZURE_STORAGE_CONNECTION_STRING, or AZURE_STORAGE_ACCOUNT with AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN, or neither:
 * then DefaultAzureCredential of `@azure/identity` is asked, where that package is installed.
 */
export interface AzureLocation {
  readonly container: string;
  /** Only blobs whose names begin like this; a folder ends in `/`. Default all. */
  readonly prefix?: string | undefined;
  readonly connectionString?: string | undefined;
  /** Name of the storage account. */
  readonly account?: string | undefined;
  readonly accountKey?: string | undefined;
  /** A shared access signature, with or without its `?`. */
  readonly sasToken?: string | undefined;
  /** Address of the blob service. Default `https://ACCOUNT.blob.core.windows.net`, or AZURE_STORAGE_BLOB_ENDPOINT. */
  readonly endpoint?: string | undefined;
}

const text: OptionSpec<string> = { check: nonEmptyString };
const locationTable = {
  container: text,
  prefix: { check: (value: unknown, name: string) => (value === '' ? '' : nonEmptyString(value, name)) },
  connectionString: text,
  account: text,
  accountKey: text,
  sasToken: text,
  endpoint: text,
} as const;

const scheme = 'azure:';

/** Whether a text names a place in Azure: `azure:CONTAINER` or `azure:CONTAINER/PREFIX`. */
export function isAzureName(name: string): boolean {
  return name.startsWith(scheme);
}

/** @throws InvalidOptionError */
export function parseAzureName(name: string): AzureLocation {
  const [container = '', ...prefix] = name.slice(scheme.length).replace(/^\/+/, '').split('/');
  return checkAzureLocation({ container, prefix: prefix.join('/') });
}

/** @throws InvalidOptionError */
export function checkAzureLocation(location: unknown): AzureLocation {
  const checked = readOptions(locationTable, optionsObject(location));
  const { container, connectionString, account, accountKey, sasToken } = checked;
  if (container === undefined || !/^(\$root|\$web|[a-z0-9](-?[a-z0-9])*)$/.test(container))
    throw new InvalidOptionError(
      'OPTION_RANGE',
      `'${container ?? ''}' is no name of an Azure container: lower-case letters, digits and single dashes.`,
    );
  const credentials = [connectionString, accountKey, sasToken].filter((each) => each !== undefined);
  if (credentials.length > 1 || (connectionString !== undefined && account !== undefined))
    throw new InvalidOptionError(
      'OPTION_RANGE',
      'Give one of connectionString, account with accountKey, or account with sasToken.',
    );
  return { ...checked, container };
}

/** Without credentials: for progress, errors and the store. */
export function describeAzure({ container, prefix = '' }: AzureLocation): string {
  return `${scheme}${container}${prefix === '' ? '' : `/${prefix}`}`;
}

export interface Blob {
  /** Its whole name in the container. */
  readonly name: string;
  readonly bytes: number;
  /** Another one whenever the blob changes. */
  readonly etag: string;
}

/** Bytes of one request: each names the ETag, so that a blob that changes meanwhile is noticed. */
const chunkBytes = 4 * 1024 * 1024;
/** How often a blob that keeps changing is begun anew. */
const attempts = 3;

const pipelineOptions: StoragePipelineOptions = {
  retryOptions: { maxTries: 4, retryDelayInMs: 500, maxRetryDelayInMs: 8_000 },
};

export class AzureContainer {
  readonly location: AzureLocation;
  readonly #client: ContainerClient;
  readonly #secrets: readonly string[];

  private constructor(location: AzureLocation, client: ContainerClient, secrets: readonly string[]) {
    this.location = location;
    this.#client = client;
    this.#secrets = secrets;
  }

  /** @throws AzureError `AZURE_REFUSED` when there are no credentials, InvalidOptionError */
  static async open(location: AzureLocation): Promise<AzureContainer> {
    const asked = withEnvironment(checkAzureLocation(location));
    const { connectionString, accountKey, sasToken } = asked;
    const secrets = [connectionString, accountKey, sasToken, sasToken?.replace(/^\?/, '')].filter(
      (secret) => secret !== undefined,
    );
    try {
      return new AzureContainer(location, await connect(asked), secrets);
    } catch (error) {
      if (error instanceof AzureError) throw error;
      // The libraries' own errors may hold the credentials, and are not passed on as a cause.
      const reason = redact(error instanceof Error ? error.message : String(error), secrets);
      throw new AzureError(
        'AZURE_REFUSED',
        `The credentials for ${describeAzure(asked)} cannot be used: ${reason}`,
      );
    }
  }

  /** The blobs of the location, in the order of their names. @throws AzureError, AbortedError */
  async *blobs(signal?: AbortSignal): AsyncGenerator<Blob, void, undefined> {
    const { prefix = '' } = this.location;
    const pages = this.#client.listBlobsFlat({ prefix, ...aborting(signal) });
    const next = () => this.#asked(this.#what(), signal, () => pages.next());
    for (let item = await next(); item.done !== true; item = await next()) {
      const { name, properties } = item.value;
      yield { name, bytes: properties.contentLength ?? 0, etag: properties.etag };
    }
  }

  /** What a name below the location's prefix is in the container: the prefix counts as a folder here. */
  nameBelow(name: string): string {
    const { prefix = '' } = this.location;
    return prefix === '' || prefix.endsWith('/') ? prefix + name : `${prefix}/${name}`;
  }

  /** @throws AzureError, AbortedError */
  async describe(name: string, signal?: AbortSignal): Promise<Blob> {
    return this.#asked(this.#what(name), signal, async () => {
      const { contentLength = 0, etag = '' } = await this.#client
        .getBlobClient(name)
        .getProperties(aborting(signal));
      return { name, bytes: contentLength, etag };
    });
  }

  /**
   * A blob's bytes, all of one version.
   *
   * @throws AzureError `AZURE_CHANGED` from the stream when the blob is overwritten meanwhile; AbortedError
   */
  async *content(
    { name, bytes, etag }: Blob,
    signal?: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const client = this.#client.getBlobClient(name);
    for (let offset = 0; offset < bytes; offset += chunkBytes) {
      const count = Math.min(chunkBytes, bytes - offset);
      const conditions = { conditions: { ifMatch: etag }, ...aborting(signal) };
      // The SDK retries requests, but not every answer that is cut half-way.
      const chunk = () =>
        backOff(() => client.downloadToBuffer(offset, count, conditions), retryOfCuts(signal));
      yield await this.#asked(this.#what(name), signal, chunk);
    }
  }

  /**
   * Hands a blob's content to `use`, from the beginning again when it changed meanwhile.
   *
   * @throws AzureError `AZURE_CHANGED` when it changed every time; whatever `use` throws
   */
  async download<T>(
    name: string,
    signal: AbortSignal | undefined,
    use: (blob: Blob, content: AsyncIterable<Uint8Array>) => Promise<T>,
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        const blob = await this.describe(name, signal);
        return await use(blob, this.content(blob, signal));
      } catch (error) {
        if (!(error instanceof AzureError && error.code === 'AZURE_CHANGED') || attempt === attempts)
          throw error;
      }
    }
  }

  #what(name?: string): string {
    const { container } = this.location;
    return name === undefined
      ? `The container ${container}`
      : `The blob ${name} of the container ${container}`;
  }

  /** An answer of Azure, its errors made into ours. */
  async #asked<T>(what: string, signal: AbortSignal | undefined, ask: () => Promise<T>): Promise<T> {
    throwIfAborted(signal);
    try {
      return await ask();
    } catch (error) {
      throwIfAborted(signal);
      throw this.#typed(what, error);
    }
  }

  #typed(what: string, error: unknown): AzureError {
    const status = statusOf(error);
    const azureCode =
      error instanceof Error && 'code' in error && typeof error.code === 'string' ? ` [${error.code}]` : '';
    // Of a connection that broke the SDK may say nothing at all.
    const said = firstLine(error) || 'the connection was refused, or broke off';
    const reason = `${redact(said, this.#secrets)}${azureCode}`;
    if (status === 412) return new AzureError('AZURE_CHANGED', `${what} changed while it was read.`);
    if (status === 404)
      return new AzureError('AZURE_NOT_FOUND', `${what} does not exist: ${reason}. Check its name.`);
    if (status === 401 || status === 403)
      return new AzureError('AZURE_REFUSED', `${what} may not be read: ${reason}. Check the credentials.`);
    return new AzureError('AZURE_UNREACHABLE', `${what} cannot be read: ${reason}. Check the connection.`);
  }
}

function statusOf(error: unknown): unknown {
  return error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
}

/** Waits of about 0.5 and 1 s. What the server answered with a status, the SDK has retried already. */
function retryOfCuts(signal: AbortSignal | undefined): BackoffOptions {
  const retry = (error: unknown) => statusOf(error) === undefined && signal?.aborted !== true;
  return { numOfAttempts: 3, startingDelay: 500, timeMultiple: 2, jitter: 'full', retry };
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]?.replace(/\.$/, '') ?? '';
}

function aborting(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal ? { abortSignal: signal } : {};
}

/** The environment counts only where the caller names no credential: two sources of them must not be mixed. */
function withEnvironment(location: AzureLocation): AzureLocation {
  const { connectionString, account, accountKey, sasToken, endpoint } = location;
  const ownCredentials = connectionString ?? account ?? accountKey ?? sasToken ?? endpoint;
  if (ownCredentials !== undefined) return location;
  const variable = (name: string) => process.env[name] || undefined;
  const fromEnvironment = variable('AZURE_STORAGE_CONNECTION_STRING');
  if (fromEnvironment !== undefined) return { ...location, connectionString: fromEnvironment };
  const key = variable('AZURE_STORAGE_KEY');
  return {
    ...location,
    account: variable('AZURE_STORAGE_ACCOUNT'),
    endpoint: variable('AZURE_STORAGE_BLOB_ENDPOINT'),
    accountKey: key,
    sasToken: key === undefined ? variable('AZURE_STORAGE_SAS_TOKEN') : undefined,
  };
}

async function connect(location: AzureLocation): Promise<ContainerClient> {
  const { container, connectionString, account, accountKey, sasToken } = location;
  // Loaded when asked for: few need it, and it takes its time.
  const {
    AnonymousCredential,
    ContainerClient: Client,
    StorageSharedKeyCredential,
  } = await import('@azure/storage-blob');
  if (connectionString !== undefined) return new Client(connectionString, container, pipelineOptions);
  const endpoint = location.endpoint ?? (account && `https://${account}.blob.core.windows.net`);
  if (endpoint === undefined)
    throw new AzureError(
      'AZURE_REFUSED',
      `Nothing says which storage account ${describeAzure(location)} is in: set AZURE_STORAGE_CONNECTION_STRING or ` +
        'AZURE_STORAGE_ACCOUNT, or give connectionString or account.',
    );
  const address = `${endpoint.replace(/\/$/, '')}/${container}`;
  if (accountKey !== undefined) {
    if (account === undefined) throw new Error('an account key needs the name of its account.');
    return new Client(address, new StorageSharedKeyCredential(account, accountKey), pipelineOptions);
  }
  if (sasToken !== undefined)
    return new Client(
      `${address}?${sasToken.replace(/^\?/, '')}`,
      new AnonymousCredential(),
      pipelineOptions,
    );
  return new Client(address, await defaultCredential(), pipelineOptions);
}

interface TokenCredential {
  getToken(scopes: string | string[]): Promise<{ token: string; expiresOnTimestamp: number } | null>;
}

async function defaultCredential(): Promise<TokenCredential> {
  // Not a dependency: whoever uses managed identities or `az login` installs it.
  const name = '@azure/identity';
  try {
    const { DefaultAzureCredential } = (await import(name)) as {
      DefaultAzureCredential: new () => TokenCredential;
    };
    return new DefaultAzureCredential();
  } catch {
    throw new AzureError(
      'AZURE_REFUSED',
      'No account key, SAS token or connection string is given. To sign in by a managed identity or `az login`, ' +
        'run `npm install @azure/identity`.',
    );
  }
}
