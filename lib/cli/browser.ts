// Opens an address in the person's browser, by the command that each system has for it.

import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** An address is one argument of its own, and no shell reads it. */
function openerOf(address: string): readonly [command: string, ...args: string[]] {
  switch (process.platform) {
    case 'darwin':
      return ['open', address];
    case 'win32':
      return ['rundll32', 'url.dll,FileProtocolHandler', address];
    default:
      return ['xdg-open', address];
  }
}

/** Returns once the command has started; the browser lives on without this process. @throws when there is no such command */
export async function openBrowser(address: string): Promise<void> {
  const [command, ...args] = openerOf(address);
  const child = spawn(command, args, { stdio: 'ignore', detached: true });
  await once(child, 'spawn');
  child.unref();
}
