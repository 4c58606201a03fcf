// `facededup results`: what a run of a cluster found, waited for where it is not finished.

import type { Command } from 'commander';
import { parseRun, resultsOf, withCluster } from './cluster.js';
import { type FindingsFlags, printFindings } from './findings_output.js';
import { addExamples } from './help.js';
import { exitCodeFor } from './photo_run.js';
import { addClusterFlags, addOutputFlags, type ClusterFlags } from './shared_options.js';

export function addResultsCommand(program: Command, setExitCode: (code: number) => void): void {
  const command = program
    .command('results')
    .description('print what a run of a cluster found, as find does; waits for one that is not finished')
    .argument('<run>', 'the number of a run', parseRun)
    .option('--groups', 'print groups of photos of one person instead of pairs')
    .option('--new', 'print only pairs that the run before did not have');
  addOutputFlags(addClusterFlags(command)).action((run: number, flags: FindingsFlags & ClusterFlags) =>
    withCluster(flags, async (cluster) => {
      const findings = await resultsOf(cluster, run);
      printFindings(findings, flags);
      setExitCode(exitCodeFor(findings));
    }),
  );
  addExamples(command, [
    [
      'facededup results 17 --cluster redis://queue --store postgres://faces@db/faces',
      'of `find --detach`, say',
    ],
    ['facededup results 17 --new --csv > new.csv', 'with FACEDEDUP_CLUSTER and FACEDEDUP_STORE set'],
  ]);
}
