// The shapes of what a report's file holds: written by this room, read by pages/report.

import type { Findings, Verdict } from '../runs/findings.js';

/** A photo that a pair names. Photos are spoken of by their place in `ReportData.photos`. */
export interface ReportPhoto {
  /** As the run named it. */
  readonly name: string;
  readonly reference?: string;
  /** Its place among the whole photos in this file. */
  readonly whole?: number;
  /** Of the upright photo, where `whole` is given. */
  readonly width?: number;
  readonly height?: number;
  /** Where it lay when the report was made: an address relative to the report. */
  readonly link?: string;
  /** Why it, or its faces, cannot be shown. */
  readonly problem?: string;
}

export interface ReportFace {
  readonly photo: number;
  /** x, y, width and height in pixels of the upright photo. */
  readonly box: readonly [x: number, y: number, width: number, height: number];
  /** Its place among the crops in this file. */
  readonly crop?: number;
}

/** Two faces by their places in `ReportData.faces`; `isNew` is 1 or 0. */
export type ReportPair = readonly [
  first: number,
  second: number,
  distance: number,
  isNew: 0 | 1,
  verdict?: Verdict,
];

export interface ReportData {
  readonly title: string;
  /** Of facededup. */
  readonly version: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly facts: Omit<Findings, 'pairs' | 'groups'>;
  /** Which whole photos are in this file, in a sentence. */
  readonly photosInWords: string;
  readonly photos: readonly ReportPhoto[];
  readonly faces: readonly ReportFace[];
  /** Closest first. */
  readonly pairs: readonly ReportPair[];
  /** Of photos. */
  readonly groups: readonly (readonly number[])[];
}

/** The elements that hold it: data blocks, which browsers keep and do not run. */
export const elementIds = { data: 'report-data', crops: 'crops', wholes: 'wholes' } as const;
