// Tells an address that a run has ended: signed, tried again when it fails, and never inside the server's own network.

import { createHmac, randomUUID } from 'node:crypto';
import { lookup, type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { backOff } from 'exponential-backoff';
import { Agent, request } from 'undici';
import { ServerError } from '../errors.js';

export interface WebhookOptions {
  /** Whether loopback, private and link-local addresses may be told. Default false. */
  readonly allowPrivate?: boolean | undefined;
  /** Signs what is sent; undefined: it goes unsigned. */
  readonly secret?: string | undefined;
  /** Milliseconds before the second attempt; each further wait is twice as long. Default 1000. */
  readonly firstWait?: number | undefined;
  /** Milliseconds of one attempt. Default 10,000. */
  readonly timeout?: number | undefined;
  /** Told of an address that could not be told in the end. */
  readonly onGivenUp?: ((error: unknown) => void) | undefined;
}

const attempts = 4;
const longestAddress = 2048;

/** What no service of the internet has (https://www.iana.org/assignments/iana-ipv4-special-registry and …-ipv6-…). */
const ownNetworks = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  ownNetworks.addSubnet(network, bits, 'ipv4');
/** Of IPv6 only what is handed out to the public, less what carries an IPv4 address or is no one's. */
const publicNetwork = new BlockList();
publicNetwork.addSubnet('2000::', 3, 'ipv6');
for (const [network, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  ownNetworks.addSubnet(network, bits, 'ipv6');

/** Whether an address, in numbers, belongs to this machine or the network it stands in. */
export function isPrivateAddress(address: string): boolean {
  const plain = address.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  if (isIP(plain) === 4) return ownNetworks.check(plain, 'ipv4');
  return isIP(plain) !== 6 || !publicNetwork.check(plain, 'ipv6') || ownNetworks.check(plain, 'ipv6');
}

/**
 * What may be kept as a webhook. Where a name leads is looked at when it is told, each time anew.
 *
 * @returns as it is kept.
 * @throws ServerError `WEBHOOK_REFUSED`
 */
export function checkWebhook(address: string, { allowPrivate = false }: WebhookOptions): string {
  const refused = (reason: string) =>
    new ServerError('WEBHOOK_REFUSED', `This address cannot be told of runs: ${reason}.`);
  if (address.length > longestAddress) throw refused(`it has more than ${longestAddress} letters`);
  if (!URL.canParse(address)) throw refused('it is no address such as https://example.org/runs');
  const url = new URL(address);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refused('it is neither http nor https');
  if (url.username !== '' || url.password !== '')
    throw refused('it holds a name or password; what is sent is signed instead');
  const isOwn = isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0 && isPrivateAddress(url.hostname);
  if (!allowPrivate && (isOwn || /(^|\.)localhost\.?$/i.test(url.hostname)))
    throw refused('it is of this machine or its own network, which --allow-private-webhooks permits');
  return url.href;
}

export class Webhooks {
  readonly #options: WebhookOptions;
  readonly #agent: Agent;
  readonly #closing = new AbortController();
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: WebhookOptions) {
    this.#options = options;
    // The address that was looked at is the one connected to: a name cannot lead elsewhere in between.
    this.#agent = new Agent({
      connect: options.allowPrivate ? {} : { lookup: publicLookup },
      connectTimeout: options.timeout ?? 10_000,
    });
  }

  /** @throws ServerError `WEBHOOK_REFUSED` */
  check(address: string): string {
    return checkWebhook(address, this.#options);
  }

  /** Sends without making anybody wait; an address that cannot be told in the end is given up. */
  tell(address: string, message: unknown): void {
    const telling = this.#tell(address, JSON.stringify(message)).catch(
      this.#options.onGivenUp ?? (() => undefined),
    );
    this.#underWay.add(telling);
    void telling.finally(() => this.#underWay.delete(telling));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#underWay);
    await this.#agent.destroy();
  }

  async #tell(address: string, body: string): Promise<void> {
    const delivery = randomUUID();
    await backOff(() => this.#send(this.check(address), body, delivery), {
      numOfAttempts: attempts,
      startingDelay: this.#options.firstWait ?? 1000,
      retry: (error) => !this.#closing.signal.aborted && !(error instanceof ServerError),
    });
  }

  async #send(address: string, body: string, delivery: string): Promise<void> {
    const { secret, timeout = 10_000 } = this.#options;
    const timestamp = String(Math.floor(Date.now() / 1000));
    const { statusCode, body: answer } = await request(address, {
      method: 'POST',
      dispatcher: this.#agent,
      body,
      headersTimeout: timeout,
      bodyTimeout: timeout,
      signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(timeout)]),
      headers: {
        'content-type': 'application/json',
        'user-agent': 'facededup',
        'facededup-delivery': delivery,
        'facededup-timestamp': timestamp,
        ...(secret === undefined ? {} : { 'facededup-signature': signatureOf(secret, timestamp, body) }),
      },
    });
    await answer.dump({ limit: 64 * 1024 });
    // undici follows no redirect: one would lead past the look at the address.
    if (statusCode < 200 || statusCode > 299) throw new Error(`it answered with status ${statusCode}`);
  }
}

/** The timestamp is signed too, so that a message that was overheard is of no use later. */
export function signatureOf(secret: string, timestamp: string, body: string): string {
  return `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;
}

const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    const none = options.all ? ([] as LookupAddress[]) : '';
    if (error) return callback(error, none);
    if (addresses.length === 0 || addresses.some(({ address }) => isPrivateAddress(address)))
      return callback(
        new ServerError('WEBHOOK_REFUSED', `${hostname} leads into this server's own network.`),
        none,
      );
    if (options.all) return callback(null, addresses);
    const [{ address, family }] = addresses as [LookupAddress];
    return callback(null, address, family);
  });
};
