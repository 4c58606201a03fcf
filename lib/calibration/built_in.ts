// The calibrations measured on LFW that come with this library.

import type { Calibration } from './calibration.js';
import { lfwCalibrations } from './lfw_data.js';

/** By way of encoding; the defaults come first. */
export const builtInCalibrations: readonly Calibration[] = lfwCalibrations;
