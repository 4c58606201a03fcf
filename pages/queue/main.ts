// The page of a cluster's queue: its workers, its runs and their stages, jobs that were put aside, and what waits.

import { begin } from '../review/begin.js';
import { QueueView } from './queue_view.js';

begin((_session, again) => {
  document.title = 'Queue – facededup';
  return new QueueView(again);
});
