// How much of one module a run of this process went through, told by V8.

import { Session } from 'node:inspector/promises';

export class ScriptCoverage {
  readonly #session: Session;

  private constructor(session: Session) {
    this.#session = session;
  }

  static async begin(): Promise<ScriptCoverage> {
    const session = new Session();
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.startPreciseCoverage', { callCount: false, detailed: true });
    return new ScriptCoverage(session);
  }

  /**
   * @param bundle the text of the script that is running, as esbuild puts it together: a comment with its path before each module
   * @returns per cent of the characters of the module's functions
   */
  async end(bundle: string, module: string): Promise<number> {
    const { result } = await this.#session.post('Profiler.takePreciseCoverage');
    const start = bundle.lastIndexOf(`\n// ${module}\n`);
    const next = bundle.slice(start + 1).search(/\n\/\/ (?:lib|test|node_modules)\//);
    const end = next < 0 ? bundle.length : start + 1 + next;
    const script = result.find(({ url }) => url === import.meta.url);
    const inFunctions = new Map<number, boolean>();
    // Functions come before those within them, and ranges before their parts.
    for (const { functionName, ranges } of script?.functions ?? []) {
      if (functionName === '') continue;
      for (const { startOffset, endOffset, count } of ranges) {
        if (startOffset < start || endOffset > end) continue;
        for (let at = startOffset; at < endOffset; at++) inFunctions.set(at, count > 0);
      }
    }
    const covered = [...inFunctions.values()].filter(Boolean).length;
    return Math.round((100 * covered) / Math.max(1, inFunctions.size));
  }
}
