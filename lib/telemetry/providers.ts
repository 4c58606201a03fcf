// Who is told: the tracer and the meter of the OpenTelemetry SDK that this process has registered, if it has one.

import {
  createNoopMeter,
  type Meter,
  type MeterProvider,
  metrics,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { packageVersion } from '../package_root.js';

const scope = 'facededup';

/** What the API has for a provider until an SDK is registered; it makes tracers that do nothing otherwise. */
interface ProxyProvider extends TracerProvider {
  getDelegateTracer(name: string, version: string): Tracer | undefined;
}

/** Undefined: nobody listens. Asked each time, for an SDK may be registered at any moment. */
export function tracerInUse(): Tracer | undefined {
  const provider = trace.getTracerProvider();
  return 'getDelegateTracer' in provider
    ? (provider as ProxyProvider).getDelegateTracer(scope, packageVersion)
    : provider.getTracer(scope, packageVersion);
}

const noMeter = createNoopMeter().constructor;
let known: { readonly provider: MeterProvider; readonly meter: Meter | undefined } | undefined;

/** Undefined: nobody listens. The same object for as long as the same SDK is registered. */
export function meterInUse(): Meter | undefined {
  const provider = metrics.getMeterProvider();
  if (known?.provider !== provider) {
    const meter = provider.getMeter(scope, packageVersion);
    known = { provider, meter: meter.constructor === noMeter ? undefined : meter };
  }
  return known.meter;
}

/** Whether an SDK is registered. */
export function isListenedTo(): boolean {
  return tracerInUse() !== undefined || meterInUse() !== undefined;
}
