// The door of telemetry: what the library tells an OpenTelemetry SDK, if this process has one.

export { type Operation, tracedBatch, tracedCall, tracedWait } from './engine_calls.js';
export { count, countWhile, observe } from './measures.js';
export type { Attributes } from './names.js';
export { isListenedTo } from './providers.js';
export {
  carriedTrace,
  errorType,
  inThisTrace,
  inTrace,
  type Tell,
  traced,
  tracedSync,
  type TraceCarrier,
} from './spans.js';
