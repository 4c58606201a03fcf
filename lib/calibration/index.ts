// The door of calibration.

export type { FalseMatchEstimate } from './estimate.js';
