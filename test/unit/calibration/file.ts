// Calibrations in files.

import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import {
  builtInCalibrations,
  calibrate,
  readCalibration,
  writeCalibration,
} from '../../../lib/calibration/index.js';
import { pairsAt } from '../../fixtures/labelled_pairs.js';

t.test('a calibration that was written is read again', async (t) => {
  const path = join(t.testdir(), 'calibration.json');
  const calibration = calibrate([...pairsAt(true, 20, 0.3), ...pairsAt(false, 20, 0.8)], {
    data: 'pairs.csv',
  });
  await writeCalibration(path, calibration);
  t.same(await readCalibration(path), calibration);
  const ofDecisions = { ...calibration, decisionsBelow: 0.4 };
  await writeCalibration(path, ofDecisions);
  t.same(await readCalibration(path), ofDecisions);
  for (const builtIn of builtInCalibrations) {
    await writeCalibration(path, builtIn);
    t.same(await readCalibration(path), builtIn);
  }
});

t.test('a file that is not there, or cannot be written, is told of', async (t) => {
  const missing = join(t.testdir(), 'no', 'calibration.json');
  const unreadable = { name: 'CalibrationError', code: 'CALIBRATION_UNREADABLE' };
  await t.rejects(readCalibration(missing), unreadable);
  const calibration = calibrate([...pairsAt(true, 20, 0.3), ...pairsAt(false, 20, 0.8)]);
  await t.rejects(writeCalibration(missing, calibration), {
    ...unreadable,
    message: `The calibration '${missing}' cannot be written: there is no folder '${dirname(missing)}'.`,
  });
  // A folder is in the way: the error names what was asked for, and not the file that is written first.
  const folder = t.testdirName;
  await t.rejects(writeCalibration(folder, calibration), {
    ...unreadable,
    message: /^The calibration '[^']*' cannot be written: \w+: [^'/]*\.$/,
  });
});

t.test('what is no calibration is refused with what is wrong with it', async (t) => {
  const path = join(t.testdir(), 'calibration.json');
  await writeCalibration(path, calibrate([...pairsAt(true, 20, 0.3), ...pairsAt(false, 20, 0.8)]));
  const good = JSON.parse(readFileSync(path, 'utf8')) as Record<string, object>;
  for (const [content, sentence] of [
    ['no JSON', /it is no JSON/],
    ['null', /the file must be object/],
    [JSON.stringify({ ...good, format: 2 }), /its format is 2.*update facededup/],
    [JSON.stringify({ ...good, prior: 1 }), /prior must be < 1/],
    [JSON.stringify({ ...good, extra: 1 }), /additional properties \('extra'\)/],
    [JSON.stringify({ ...good, same: { ...good['same'], pairs: 21 } }), /counts of same do not add up/],
    [
      JSON.stringify({ ...good, different: { ...good['different'], designEffects: [1] } }),
      /different has not as many/,
    ],
    [JSON.stringify({ ...good, decisionsBelow: 0 }), /decisionsBelow must be > 0/],
    [
      JSON.stringify({ ...good, different: { pairs: 5, counts: [5], designEffects: [0], disjoint: 5 } }),
      /different\.pairs must be >= 20/,
    ],
    [JSON.stringify({ ...good, different: { ...good['different'], disjoint: 21 } }), /more disjoint pairs/],
    [
      JSON.stringify({ ...good, same: good['different'], different: good['same'] }),
      /on average no closer than pairs of different people/,
    ],
    [JSON.stringify({ ...good, evidence: { ...good['evidence'], low: [1] } }), /not the same length/],
  ] as const) {
    writeFileSync(path, content);
    await t.rejects(
      readCalibration(path),
      { code: 'CALIBRATION_INVALID', message: sentence },
      content.slice(0, 20),
    );
  }
});
