// The C++ tests of native/vision, each as one of ours.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../lib/package_root.js';

const program = join(packageRoot, 'build', 'cmake', 'vision_tests');
const skip = existsSync(program) ? false : 'build them: cmake --build build/cmake --target vision_tests';

t.test('the C++ tests of native/vision', { skip }, async (t) => {
  const output = execFileSync(program, { encoding: 'utf8' });
  const lines = [...output.matchAll(/^((?:not )?ok) \d+ - (.*)$/gm)];
  t.equal(Number(/^1\.\.(\d+)$/m.exec(output)?.[1]), lines.length);
  for (const [, outcome, name] of lines) t.equal(outcome, 'ok', name ?? '');
});
