// Metrics: instruments made when an SDK is there, and nothing where there is none.

import type {
  BatchObservableCallback,
  Counter,
  Histogram,
  Meter,
  ObservableGauge,
  UpDownCounter,
} from '@opentelemetry/api';
import { type AttributeName, type Attributes, type MetricName, type MetricOf, metricTable } from './names.js';
import { meterInUse } from './providers.js';

type Instrument = Counter | UpDownCounter | Histogram | ObservableGauge;

/** Of one meter: each name once. */
const instruments = new WeakMap<Meter, Map<MetricName, Instrument>>();

function instrument(meter: Meter, name: MetricName): Instrument {
  let ofMeter = instruments.get(meter);
  if (!ofMeter) instruments.set(meter, (ofMeter = new Map<MetricName, Instrument>()));
  let found = ofMeter.get(name);
  if (!found) ofMeter.set(name, (found = made(meter, name)));
  return found;
}

function made(meter: Meter, name: MetricName): Instrument {
  const spec = metricTable[name];
  const options = { unit: spec.unit, description: spec.description };
  switch (spec.kind) {
    case 'counter':
      return meter.createCounter(name, options);
    case 'up-down counter':
      return meter.createUpDownCounter(name, options);
    case 'gauge':
      return meter.createObservableGauge(name, options);
    case 'histogram':
      return meter.createHistogram(name, {
        ...options,
        advice: { explicitBucketBoundaries: [...spec.bounds] },
      });
  }
}

export function count(name: MetricOf<'counter'>, value: number, attributes: Attributes = {}): void {
  const meter = meterInUse();
  if (meter) (instrument(meter, name) as Counter).add(value, attributes);
}

/** @returns takes it off again; once is enough. */
export function countWhile(name: MetricOf<'up-down counter'>): () => void {
  const meter = meterInUse();
  if (!meter) return nothing;
  // What is taken off is taken off where it was put on, whoever is registered by then.
  const counter = instrument(meter, name) as UpDownCounter;
  counter.add(1);
  return () => counter.add(-1);
}

/** @param attributes of a span: those that the metric has are taken. */
export function recordSeconds(
  meter: Meter,
  name: MetricOf<'histogram'>,
  value: number,
  attributes: Attributes,
): void {
  const names: readonly AttributeName[] = metricTable[name].attributes;
  const own = Object.fromEntries(
    names.flatMap((each) => (attributes[each] === undefined ? [] : [[each, attributes[each]]])),
  );
  (instrument(meter, name) as Histogram).record(value, own);
}

/** Values of a gauge, by the attributes of each. */
export type Observed = readonly (readonly [value: number, attributes: Attributes])[];

/**
 * Asks for the values of a gauge whenever the SDK collects; when that fails it has none to tell.
 *
 * @returns ends it. An SDK that is registered after this call does not ask.
 */
export function observe(name: MetricOf<'gauge'>, read: () => Promise<Observed>): () => void {
  const meter = meterInUse();
  if (!meter) return nothing;
  const gauge = instrument(meter, name) as ObservableGauge;
  const callback: BatchObservableCallback = async (result) => {
    const values = await read().catch(() => []);
    for (const [value, attributes] of values) result.observe(gauge, value, attributes);
  };
  meter.addBatchObservableCallback(callback, [gauge]);
  return () => meter.removeBatchObservableCallback(callback, [gauge]);
}

function nothing(): void {
  // Nobody listened.
}
