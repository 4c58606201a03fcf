// What a run on a cluster is asked for, made independent of the process that asks: its folder, its environment, its models.

import { resolve } from 'node:path';
import t from 'tap';
import { requestOf } from '../../../lib/cluster/run_request.js';

for (const variable of ['FACE_DETECTION_CONFIDENCE', 'FACE_DISTANCE_THRESHOLD', 'NMS_THRESHOLD'])
  Reflect.deleteProperty(process.env, variable);

t.test('photos are named as every worker names them', async (t) => {
  const { photos } = requestOf({ photos: ['photos', '/share/more', 'azure:intake/2026/'] });
  t.same(photos, [resolve('photos'), '/share/more', 'azure:intake/2026/']);
});

t.test('what shapes encodings goes along, and what is a worker’s own does not', async (t) => {
  const given = {
    detector: 'hog',
    jitters: 3,
    lanes: 7,
    models: '/models',
    backend: 'cuda',
    target: 'cuda',
  } as const;
  const { engine } = requestOf({ engine: given });
  t.match(engine, { detector: 'hog', jitters: 3, landmarks: 'small' });
  for (const own of ['lanes', 'models', 'backend', 'target']) t.notOk(own in engine, own);
  t.notOk('mirror' in engine, 'a default that depends on the detector is filled in by each worker alike');
});

t.test('the environment of who asks counts, and not that of a worker', async (t) => {
  t.intercept(process, 'env', {
    value: {
      ...process.env,
      FACE_DETECTION_CONFIDENCE: '0.7',
      NMS_THRESHOLD: '0.3',
      FACE_DISTANCE_THRESHOLD: '0.45',
    },
  });
  t.match(requestOf({}), {
    threshold: 0.45,
    engine: { detector: 'ssd', confidence: 0.7, nmsThreshold: 0.3 },
  });
  t.match(requestOf({ engine: { detector: 'hog' } }), { engine: { confidence: 0 } }, 'it is the SSD’s');
  t.match(requestOf({ engine: { confidence: 0.9 } }), { engine: { confidence: 0.9 } });
});

t.test('what is wrong is said before anybody waits for it', async (t) => {
  t.throws(() => requestOf({ threshold: 0 }), { code: 'OPTION_RANGE' });
  t.throws(() => requestOf({ engine: { jitters: 0 } }), { code: 'OPTION_RANGE' });
  for (const reach of [0, 0.4, 1])
    t.throws(
      () => requestOf({ threshold: 0.4, candidates: { reach } }),
      { code: 'OPTION_RANGE' },
      `${reach}`,
    );
  t.throws(() => requestOf({ candidates: { reach: 0.2, lists: 1 } }), { code: 'OPTION_RANGE' });
  t.throws(() => requestOf({ photos: ['azure:Not A Container'] }), { code: 'OPTION_RANGE' });
  t.throws(() => requestOf({ blockRows: 0 }), { code: 'OPTION_RANGE' });
});

t.test('the sizes of jobs are checked, and left out where nothing is asked for', async (t) => {
  t.match(requestOf({ jobPhotos: 8, blockRows: 70, jobPairs: 5000 }), {
    jobPhotos: 8,
    blockRows: 70,
    jobPairs: 5000,
  });
  const plain = requestOf({});
  for (const name of ['jobPhotos', 'blockRows', 'jobPairs'] as const) {
    t.notOk(name in plain, name);
    t.throws(() => requestOf({ [name]: 0 }), { code: 'OPTION_RANGE', message: new RegExp(name) });
  }
});
