// How options are read: the caller first, then the engine, then the environment, then the fallback.

import t, { type Test } from 'tap';
import {
  defaultConfidence,
  encodeOptionTable,
  engineOptionTable,
  thresholdOptionTable,
} from '../../lib/config.js';
import { readOptions } from '../../lib/options.js';

function withEnvironment(t: Test, variables: Record<string, string>): void {
  for (const [name, value] of Object.entries(variables)) process.env[name] = value;
  t.teardown(() => {
    for (const name of Object.keys(variables)) Reflect.deleteProperty(process.env, name);
  });
}

t.test('without a word from anyone the defaults stand', async (t) => {
  const options = readOptions(engineOptionTable, undefined);
  t.match(options, {
    backend: 'opencv',
    target: 'cpu',
    scaleFactor: 1,
    meanValues: [104, 177, 123],
    nmsThreshold: 0.4,
    landmarks: 'small',
    jitters: 1,
    maxPixels: 100_000_000,
  });
  t.equal(readOptions(thresholdOptionTable, {}).threshold, 0.4);
  t.equal(defaultConfidence('ssd'), 0.5);
  t.equal(defaultConfidence('hog'), 0);
});

t.test('the seed system’s variables set the options', async (t) => {
  withEnvironment(t, {
    DNN_BACKEND: 'cuda',
    DNN_TARGET: 'cuda-fp16',
    BLOB_FROM_IMAGE_SCALE_FACTOR: '0.5',
    BLOB_FROM_IMAGE_MEAN_VALUES: '(1.0, 2.0, 3.0)',
    FACE_DETECTION_CONFIDENCE: '0.7',
    NMS_THRESHOLD: '0.3',
    FACE_ENCODINGS_NUM_JITTERS: '5',
    FACE_ENCODINGS_MODEL: 'large',
    FACE_DISTANCE_THRESHOLD: '0.55',
  });
  t.match(readOptions(engineOptionTable, {}), {
    backend: 'cuda',
    target: 'cuda-fp16',
    scaleFactor: 0.5,
    meanValues: [1, 2, 3],
    nmsThreshold: 0.3,
    jitters: 5,
    landmarks: 'large',
  });
  t.equal(readOptions(thresholdOptionTable, {}).threshold, 0.55);
  t.equal(defaultConfidence('ssd'), 0.7);
  t.equal(defaultConfidence('hog'), 0, 'a probability says nothing of HOG’s score');
});

t.test('a variable out of its range is an error that names the variable', async (t) => {
  withEnvironment(t, { NMS_THRESHOLD: 'much' });
  t.throws(() => readOptions(engineOptionTable, {}), { code: 'OPTION_RANGE', message: /NMS_THRESHOLD/ });
});

t.test('the caller comes before the engine, the engine before the environment', async (t) => {
  withEnvironment(t, { FACE_ENCODINGS_NUM_JITTERS: '5' });
  t.equal(readOptions(encodeOptionTable, {}, { jitters: 3 }).jitters, 3);
  t.equal(readOptions(encodeOptionTable, { jitters: 2 }, { jitters: 3 }).jitters, 2);
  t.equal(readOptions(encodeOptionTable, { jitters: undefined }, {}).jitters, 5);
});

t.test('each wrong value is refused with its option’s name', async (t) => {
  const wrong: readonly [string, unknown, string][] = [
    ['detector', 'mtcnn', 'OPTION_RANGE'],
    ['detector', 5, 'OPTION_TYPE'],
    ['upsample', 5, 'OPTION_RANGE'],
    ['upsample', 0.5, 'OPTION_RANGE'],
    ['confidence', 1.01, 'OPTION_RANGE'],
    ['confidence', -0.01, 'OPTION_RANGE'],
    ['confidence', Number.NaN, 'OPTION_RANGE'],
    ['confidence', '0.5', 'OPTION_TYPE'],
    ['nmsThreshold', 2, 'OPTION_RANGE'],
    ['landmarks', 'medium', 'OPTION_RANGE'],
    ['jitters', 0, 'OPTION_RANGE'],
    ['jitters', 1001, 'OPTION_RANGE'],
    ['scaleFactor', 0, 'OPTION_RANGE'],
    ['scaleFactor', Number.POSITIVE_INFINITY, 'OPTION_RANGE'],
    ['meanValues', [1, 2], 'OPTION_RANGE'],
    ['meanValues', 'grey', 'OPTION_TYPE'],
    ['meanValues', [1, 2, 300], 'OPTION_RANGE'],
    ['lanes', 0, 'OPTION_RANGE'],
    ['maxPixels', -1, 'OPTION_RANGE'],
    ['backend', '', 'OPTION_RANGE'],
  ];
  for (const [name, value, code] of wrong) {
    t.throws(() => readOptions(engineOptionTable, { [name]: value }), { code, message: new RegExp(name) });
  }
});

t.test('a misspelt option is refused with the names there are', async (t) => {
  t.throws(() => readOptions(encodeOptionTable, { jitter: 2 }), {
    code: 'OPTION_UNKNOWN',
    message: /jitters/,
  });
});

t.test('options that are no object are refused', async (t) => {
  t.throws(() => readOptions(encodeOptionTable, 'fast'), { code: 'OPTION_TYPE' });
  t.throws(() => readOptions(encodeOptionTable, null), { code: 'OPTION_TYPE' });
  t.throws(() => readOptions(encodeOptionTable, []), { code: 'OPTION_TYPE' });
});

t.test('a signal that is none is refused', async (t) => {
  t.throws(() => readOptions(encodeOptionTable, { signal: {} }), { code: 'OPTION_TYPE' });
});
