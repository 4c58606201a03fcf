// Spans: work that is told of while it goes on, with its time, and with the code of the error that ended it.

import {
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
  type Meter,
} from '@opentelemetry/api';
import { FaceDedupError } from '../errors.js';
import { recordSeconds } from './measures.js';
import { type Attributes, type SpanName, type SpanSpec, spanTable } from './names.js';
import { meterInUse, tracerInUse } from './providers.js';

/** Says more of the work under way. */
export type Tell = (attributes: Attributes) => void;

const kinds = {
  internal: SpanKind.INTERNAL,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

const nothing: Tell = () => undefined;

/** Does the work in a span of that name, and adds its time to the histogram that the span has. */
export function traced<Result>(
  name: SpanName,
  attributes: Attributes,
  work: (tell: Tell) => Promise<Result>,
): Promise<Result> {
  const [tracer, meter] = [tracerInUse(), meterInUse()];
  if (!tracer && !meter) return work(nothing);
  return inSpan(tracer, name, attributes, async (span) => {
    const ending = new Ending(name, span, meter, attributes);
    try {
      return await work(ending.tell);
    } catch (error) {
      throw ending.failed(error);
    } finally {
      ending.end();
    }
  });
}

/** As traced, of work that nobody waits for. */
export function tracedSync<Result>(name: SpanName, attributes: Attributes, work: () => Result): Result {
  const [tracer, meter] = [tracerInUse(), meterInUse()];
  if (!tracer && !meter) return work();
  return inSpan(tracer, name, attributes, (span) => {
    const ending = new Ending(name, span, meter, attributes);
    try {
      return work();
    } catch (error) {
      throw ending.failed(error);
    } finally {
      ending.end();
    }
  });
}

function inSpan<Result>(
  tracer: Tracer | undefined,
  name: SpanName,
  attributes: Attributes,
  work: (span: Span | undefined) => Result,
): Result {
  const { kind, within }: SpanSpec = spanTable[name];
  if (!tracer || (within && !trace.getActiveSpan())) return work(undefined);
  return tracer.startActiveSpan(name, { kind: kinds[kind], attributes }, work);
}

class Ending {
  readonly #name: SpanName;
  readonly #span: Span | undefined;
  readonly #meter: Meter | undefined;
  readonly #attributes: Attributes;
  readonly #begun = performance.now();

  constructor(name: SpanName, span: Span | undefined, meter: Meter | undefined, attributes: Attributes) {
    this.#name = name;
    this.#span = span;
    this.#meter = meter;
    this.#attributes = { ...attributes };
  }

  readonly tell: Tell = (attributes) => {
    Object.assign(this.#attributes, attributes);
  };

  /** By its code alone: the sentence of an error may name a photo. */
  failed(error: unknown): unknown {
    this.tell({ 'error.type': errorType(error) });
    this.#span?.setStatus({ code: SpanStatusCode.ERROR });
    return error;
  }

  end(): void {
    this.#span?.setAttributes(this.#attributes).end();
    const { duration }: SpanSpec = spanTable[this.#name];
    if (this.#meter && duration)
      recordSeconds(this.#meter, duration, (performance.now() - this.#begun) / 1000, this.#attributes);
  }
}

/** The code of an error: ours, the system's, or a database's; `_OTHER` where it has none. */
export function errorType(error: unknown): string {
  if (error instanceof FaceDedupError) return error.code;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z\d_]{1,40}$/.test(code) ? code : '_OTHER';
}

/** The same function, which will work in the span that is active now, wherever it is called. */
export function inThisTrace<Args extends unknown[], Result>(
  work: (...args: Args) => Result,
): (...args: Args) => Result {
  return tracerInUse() ? context.bind(context.active(), work) : work;
}

/** What takes a trace to another process (https://www.w3.org/TR/trace-context/). */
export interface TraceCarrier {
  readonly traceparent: string;
  readonly tracestate?: string;
}

/** Of the span that is active now. What else a program carries along with its traces stays here. */
export function carriedTrace(): TraceCarrier | undefined {
  const carrier: Partial<Record<keyof TraceCarrier, string>> = {};
  propagation.inject(context.active(), carrier);
  const { traceparent, tracestate } = carrier;
  return traceparent === undefined
    ? undefined
    : { traceparent, ...(tracestate === undefined ? {} : { tracestate }) };
}

/** Does the work in a trace that another process began. */
export function inTrace<Result>(carrier: TraceCarrier | undefined, work: () => Result): Result {
  if (!carrier || !tracerInUse()) return work();
  return context.with(propagation.extract(context.active(), carrier), work);
}
