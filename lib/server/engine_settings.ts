// The settings that hold for a run, as the engine's options.

import type { EngineOptions } from '../engine.js';
import { belowEnvironment, engineSettings, type Settings } from '../settings/index.js';

/** What the environment says otherwise is left to the engine, which reads it itself. `models` is not among them. */
export function engineOptionsOf(settings: Settings): Omit<EngineOptions, 'models'> {
  const isEngines = ([name]: [string, unknown]) => name !== 'models' && Object.hasOwn(engineSettings, name);
  return Object.fromEntries(Object.entries(belowEnvironment(settings)).filter(isEngines));
}
