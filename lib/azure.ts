// Azure Blob Storage: which container, by which credentials, and its blobs as streams that never mix two versions.

import type {
  BlobClient,
  BlobDownloadOptions,
  ContainerClient,
  ContainerListBlobFlatSegmentResponse,
  StoragePipelineOptions,
} from '@azure/storage-blob';
import { backOff } from 'exponential-backoff';
import { AzureError, InvalidOptionError, messageOf, throwIfAborted, untilAborted } from './errors.js';
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

/** Of the SDK, within one attempt of ours: about 2 s when the connection is refused. */
const pipelineOptions: StoragePipelineOptions = {
  retryOptions: { maxTries: 4, retryDelayInMs: 500, maxRetryDelayInMs: 8_000 },
};

/**
 * Waits of 1, 2 and 4 s: a service that has answered and then goes away has about 13 s to come back. The SDK tries no
 * answer again that is cut half-way, and gives up after 2 s where nobody listens.
 */
const backOffOptions = { numOfAttempts: 4, startingDelay: 1000, timeMultiple: 2, jitter: 'none' } as const;

/** A connection that brings nothing for this long is given up. */
const stallMilliseconds = 30_000;

/** What one attempt hands on to the SDK. */
interface Attempt {
  readonly abortSignal: AbortSignal;
  /** Bytes have come. */
  readonly onProgress: () => void;
}

export class AzureContainer {
  readonly location: AzureLocation;
  readonly #client: ContainerClient;
  readonly #secrets: readonly string[];
  readonly #stallMilliseconds: number;
  /** To the last question. An address that never answered is more likely wrong than away, and one that is away is not
   * waited for again with each blob. */
  #hasAnswered = false;

  private constructor(
    location: AzureLocation,
    client: ContainerClient,
    secrets: readonly string[],
    stallMilliseconds: number,
  ) {
    this.location = location;
    this.#client = client;
    this.#secrets = secrets;
    this.#stallMilliseconds = stallMilliseconds;
  }

  /**
   * @param patience how long a connection may bring nothing; default 30 s.
   * @throws AzureError `AZURE_REFUSED` when there are no credentials, InvalidOptionError
   */
  static async open(location: AzureLocation, patience = stallMilliseconds): Promise<AzureContainer> {
    const asked = withEnvironment(checkAzureLocation(location));
    const { connectionString, accountKey, sasToken } = asked;
    const secrets = [connectionString, accountKey, sasToken, sasToken?.replace(/^\?/, '')].filter(
      (secret) => secret !== undefined,
    );
    try {
      return new AzureContainer(location, await connect(asked), secrets, patience);
    } catch (error) {
      if (error instanceof AzureError) throw error;
      // The libraries' own errors may hold the credentials, and are not passed on as a cause.
      const reason = redact(messageOf(error), secrets);
      throw new AzureError(
        'AZURE_REFUSED',
        `The credentials for ${describeAzure(asked)} cannot be used: ${reason}`,
      );
    }
  }

  /** The blobs of the location, in the order of their names. @throws AzureError, AbortedError */
  async *blobs(signal?: AbortSignal): AsyncGenerator<Blob, void, undefined> {
    const { prefix = '' } = this.location;
    let continuationToken: string | undefined;
    do {
      const settings = continuationToken === undefined ? {} : { continuationToken };
      // Each attempt by an iterator of its own: one that has thrown says that there are no more pages.
      const page = await this.#asked(this.#what(), signal, ({ abortSignal }) =>
        this.#client.listBlobsFlat({ prefix, abortSignal }).byPage(settings).next(),
      );
      const { segment, continuationToken: next } = page.value as ContainerListBlobFlatSegmentResponse;
      for (const { name, properties } of segment.blobItems)
        yield { name, bytes: properties.contentLength ?? 0, etag: properties.etag };
      continuationToken = next || undefined;
    } while (continuationToken !== undefined);
  }

  /** What a name below the location's prefix is in the container: the prefix counts as a folder here. */
  nameBelow(name: string): string {
    const { prefix = '' } = this.location;
    return prefix === '' || prefix.endsWith('/') ? prefix + name : `${prefix}/${name}`;
  }

  /** @throws AzureError, AbortedError */
  async describe(name: string, signal?: AbortSignal): Promise<Blob> {
    return this.#asked(this.#what(name), signal, async ({ abortSignal }) => {
      const { contentLength = 0, etag = '' } = await this.#client
        .getBlobClient(name)
        .getProperties({ abortSignal });
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
      yield await this.#asked(this.#what(name), signal, (attempt) =>
        readChunk(client, offset, count, { ...attempt, conditions: { ifMatch: etag } }),
      );
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

  /** An answer of Azure, waited for while it is away, its errors made into ours. */
  async #asked<T>(
    what: string,
    signal: AbortSignal | undefined,
    ask: (attempt: Attempt) => Promise<T>,
  ): Promise<T> {
    throwIfAborted(signal);
    const retry = (error: unknown) => this.#hasAnswered && isOutage(error) && signal?.aborted !== true;
    try {
      const asking = backOff(() => this.#attempt(signal, ask), { ...backOffOptions, retry });
      const answer = await untilAborted(asking, signal);
      this.#hasAnswered = true;
      return answer;
    } catch (error) {
      throwIfAborted(signal);
      this.#hasAnswered = !isOutage(error);
      throw this.#typed(what, error);
    }
  }

  async #attempt<T>(signal: AbortSignal | undefined, ask: (attempt: Attempt) => Promise<T>): Promise<T> {
    const stall = new AbortController();
    const watchdog = setTimeout(() => stall.abort(), this.#stallMilliseconds);
    try {
      return await ask({
        abortSignal: AbortSignal.any([stall.signal, ...(signal ? [signal] : [])]),
        onProgress: () => watchdog.refresh(),
      });
    } catch (error) {
      if (!stall.signal.aborted) throw error;
      throw new Error(`nothing came for ${this.#stallMilliseconds / 1000} s`, { cause: error });
    } finally {
      clearTimeout(watchdog);
    }
  }

  #typed(what: string, error: unknown): AzureError {
    const status = statusOf(error);
    const azureCode =
      error instanceof Error && 'code' in error && typeof error.code === 'string' ? ` [${error.code}]` : '';
    const reason = `${redact(sentenceOf(error), this.#secrets)}${azureCode}`;
    if (status === 412) return new AzureError('AZURE_CHANGED', `${what} changed while it was read.`);
    if (status === 404)
      return new AzureError('AZURE_NOT_FOUND', `${what} does not exist: ${reason}. Check its name.`);
    if (status === 401 || status === 403)
      return new AzureError('AZURE_REFUSED', `${what} may not be read: ${reason}. Check the credentials.`);
    return new AzureError('AZURE_UNREACHABLE', `${what} cannot be read: ${reason}. Check the connection.`);
  }
}

function statusOf(error: unknown): number | undefined {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' ? status : undefined;
}

/** Whether another attempt may go better: there was no answer, not a whole one, or the service says it has trouble. */
function isOutage(error: unknown): boolean {
  const status = statusOf(error);
  return status === undefined || status >= 500;
}

/** The SDK may say nothing at all of an answer without a body, and calls a connection that broke off aborted. */
function sentenceOf(error: unknown): string {
  if (error instanceof Error && error.name === 'AbortError') return 'the connection broke off';
  const said = messageOf(error).split('\n')[0] ?? '';
  return said.trim().replace(/\.$/, '') || `the service answered ${statusOf(error) ?? 'nothing'}`;
}

async function readChunk(
  client: BlobClient,
  offset: number,
  count: number,
  options: BlobDownloadOptions,
): Promise<Uint8Array> {
  const { readableStreamBody } = await client.download(offset, count, options);
  const chunks: Uint8Array[] = [];
  for await (const chunk of readableStreamBody ?? []) chunks.push(chunk as Uint8Array);
  const bytes = Buffer.concat(chunks);
  if (bytes.length !== count) throw new Error(`${bytes.length} bytes came where ${count} were asked for`);
  return bytes;
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
