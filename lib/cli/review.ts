// `facededup review`: the review page of a face store, opened in the browser.

import type { Command } from 'commander';
import { createServer } from '../server/index.js';
import { openAnyStore } from './any_store.js';
import { openBrowser } from './browser.js';
import { addExamples } from './help.js';
import { printNote } from './output.js';
import { addServerFlags, printAddress, runServer, type ServerFlags, serverOptions } from './serve.js';

interface ReviewFlags extends ServerFlags {
  readonly open: boolean;
}

export function addReviewCommand(program: Command): void {
  const command = program
    .command('review')
    .description(
      'review the pairs of a face store in the browser; photos below the current folder, or --root, are shown',
    );
  addExamples(command, [
    ['facededup review --store faces.db', 'photos below the current folder are shown'],
    ['facededup review --store faces.db --root /data/photos --no-open', 'prints the address'],
  ]);
  addServerFlags(command)
    .option('--no-open', 'print the address and open nothing')
    .action((_flags: ReviewFlags, self: Command) => review(self));
}

async function review(command: Command): Promise<void> {
  const flags = command.optsWithGlobals<ReviewFlags>();
  // There is nothing to review in a store that begins now.
  await (await openAnyStore(flags)).close();
  const options = await serverOptions(flags);
  const server = await createServer({ ...options, roots: options.roots ?? ['.'], port: 0 });
  await runServer(server, (address) => {
    printAddress(address, flags);
    printNote('Ctrl+C ends the review; every decision is kept at once.');
    if (flags.open) void openInBrowser(address);
  });
}

async function openInBrowser(address: string): Promise<void> {
  try {
    await openBrowser(address);
  } catch {
    printNote(`note: no browser could be opened. Open ${address} in one.`);
  }
}
