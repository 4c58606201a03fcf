// The steps of a run by their stages.

import type { Stage } from '../stages.js';
import { encode } from './encode.js';
import { group } from './group.js';
import { list } from './list.js';
import { match } from './match.js';
import { merge } from './merge.js';
import { plan } from './plan.js';
import { report } from './report.js';
import type { Step } from './step.js';

export const steps: Readonly<Record<Stage, Step>> = { list, encode, plan, match, merge, group, report };
