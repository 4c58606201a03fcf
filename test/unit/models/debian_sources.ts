// deb-src lines out of a machine's own apt sources.

import t from 'tap';
import { debSourceList } from '../../../lib/models/sources/debian_sources.js';

t.test('one-line sources keep their options, and comments are left out', async (t) => {
  const text = [
    '# deb http://old.example/debian bookworm main',
    'deb [arch=amd64 signed-by=/k.gpg] http://deb.example/debian bookworm main contrib # the mirror',
    'deb http://deb.example/security bookworm-security main',
    'deb-src http://deb.example/debian bookworm main',
  ].join('\n');
  t.equal(
    debSourceList([{ path: 'sources.list', text }], 'bookworm'),
    [
      'deb-src [arch=amd64 signed-by=/k.gpg] http://deb.example/debian bookworm main contrib',
      'deb-src http://deb.example/security bookworm-security main',
      'deb-src http://deb.example/debian bookworm main',
      '',
    ].join('\n'),
  );
});

t.test('deb822 stanzas give a line for each address and suite', async (t) => {
  const text = [
    'Types: deb',
    '# a comment within the stanza',
    'URIs: http://a.example/debian http://b.example/debian',
    'Suites: bookworm bookworm-updates',
    'Components: main',
    ' contrib',
    'Signed-By: /usr/share/keyrings/archive.gpg',
    '',
    'Types: deb',
    'Enabled: no',
    'URIs: http://off.example/debian',
    'Suites: bookworm',
    'Components: main',
  ].join('\n');
  const line = (host: string, suite: string) =>
    `deb-src [signed-by=/usr/share/keyrings/archive.gpg] http://${host}.example/debian ${suite} main contrib`;
  t.equal(
    debSourceList([{ path: 'debian.sources', text }], 'bookworm'),
    [
      line('a', 'bookworm'),
      line('a', 'bookworm-updates'),
      line('b', 'bookworm'),
      line('b', 'bookworm-updates'),
      '',
    ].join('\n'),
  );
});

t.test('vendors’ own repositories are left out where the release’s are there', async (t) => {
  const files = [
    {
      path: 'vendor.list',
      text: 'deb https://vendor.example/apt nodistro main\ndeb https://x.example cloud-bookworm main',
    },
    {
      path: 'debian.sources',
      text: 'Types: deb\nURIs: http://deb.example/debian\nSuites: bookworm\nComponents: main',
    },
  ];
  t.equal(debSourceList(files, 'bookworm'), 'deb-src http://deb.example/debian bookworm main\n');
  t.match(debSourceList(files, 'sid'), /vendor\.example/, 'and kept where nothing else is');
});

t.test('a key written into the stanza is left to apt’s trusted keys', async (t) => {
  const text =
    'Types: deb\nURIs: http://deb.example/debian\nSuites: sid\nComponents: main\nSigned-By:\n -----BEGIN PGP\n abc';
  t.equal(
    debSourceList([{ path: 'a.sources', text }], 'sid'),
    'deb-src http://deb.example/debian sid main\n',
  );
});
