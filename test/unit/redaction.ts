// Secrets out of addresses and other libraries' words.

import t from 'tap';
import { redact, redactAddress } from '../../lib/redaction.js';

t.test('an address keeps its place and loses its secrets', (t) => {
  t.equal(redactAddress('https://host/models/a.dat'), 'https://host/models/a.dat');
  t.equal(redactAddress('https://host/a?sv=1&sig=abc%2F'), 'https://host/a?<redacted>');
  t.equal(redactAddress('https://me:pass@host:81/a'), 'https://<redacted>@host:81/a');
  t.equal(redactAddress('https://token@host/a?x'), 'https://<redacted>@host/a?<redacted>');
  t.equal(redactAddress('https://host/a@2x.jpg'), 'https://host/a@2x.jpg');
  for (const password of ['p@ss', 'p@ss/w#rd', 'pa/ss', 'pa?ss', 'pa ss'])
    for (const scheme of ['redis', 'rediss', 'postgres', 'postgresql'])
      t.equal(
        redactAddress(`${scheme}://me:${password}@host:81/a?b=c`),
        `${scheme}://<redacted>@host:81/a?<redacted>`,
      );
  t.end();
});

t.test('a text loses what looks like a secret, and what is known to be one', (t) => {
  for (const [text, expected] of [
    ['see https://host/a?sig=abc, and more', 'see https://host/a?<redacted> and more'],
    ['proxy http://me:pass@host:8080 refused', 'proxy http://<redacted>@host:8080 refused'],
    [
      'AccountName=x;AccountKey=abc/def==;EndpointSuffix=y',
      'AccountName=x;AccountKey=<redacted>;EndpointSuffix=y',
    ],
    ['SharedAccessSignature=sv=1&sig=abc', 'SharedAccessSignature=<redacted>'],
    ['sv=1&sig=abc%3D&se=2', 'sv=1&sig=<redacted>&se=2'],
    ['authorization: SharedKey account:abc=', 'authorization: SharedKey <redacted>'],
    ['nothing to hide: 12 bytes in /tmp/a', 'nothing to hide: 12 bytes in /tmp/a'],
  ] as const)
    t.equal(redact(text), expected);
  t.equal(
    redact('the key abc/d= was refused, abc%2Fd%3D too', ['abc/d=']),
    'the key <redacted> was refused, <redacted> too',
  );
  t.end();
});
