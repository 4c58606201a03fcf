// Text from outside in a report's markup: shown, never read as markup.

import t from 'tap';
import { escapedJson, escapeHtml, shellEnd, shellStart } from '../../../lib/report/html.js';
import { linkTo } from '../../../lib/report/link.js';
import { commonFolder, nameParts, visible } from '../../../pages/shared/names.js';

t.test('the five signs of HTML are escaped', (t) => {
  t.equal(
    escapeHtml(`<a href="x" id='y'>&</a>`),
    '&lt;a href=&quot;x&quot; id=&#39;y&#39;&gt;&amp;&lt;/a&gt;',
  );
  t.end();
});

t.test('JSON ends no script element and begins no comment, and is still the same JSON', (t) => {
  const hostile = { name: '</script><script>alert(1)</script><!-- \u2028', nested: ['<'] };
  const json = escapedJson(hostile);
  t.notMatch(json, /</);
  t.same(JSON.parse(json), hostile);
  t.end();
});

t.test('the policy names the very script and style, and lets nothing in from the network', (t) => {
  const assets = { script: 'one()', style: 'a{}' };
  const page = { title: '<i>', summary: '"&', estimate: '', assets };
  const start = shellStart({ ...page, showsFiles: false });
  t.match(
    start,
    /default-src 'none'; script-src 'sha256-[A-Za-z0-9+/=]{44}'; style-src 'sha256-[A-Za-z0-9+/=]{44}'; img-src data:;/,
  );
  t.match(start, '<title>&lt;i&gt;</title>');
  t.match(start, '<p class="lead">&quot;&amp;</p>');
  t.match(shellStart({ ...page, showsFiles: true }), 'img-src data: file:;');
  t.match(shellEnd({}, assets), '<script>one()</script>');
  t.end();
});

t.test('a link is relative to the report, and each part of a path stays a part', (t) => {
  t.equal(linkTo('/a/report.html', '/a/photos/x.jpg'), 'photos/x.jpg');
  t.equal(linkTo('/a/out/report.html', '/a/b #1?/50%.jpg'), '../b%20%231%3F/50%25.jpg');
  t.equal(linkTo('/a/report.html', '/a/javascript:alert(1)'), 'javascript%3Aalert(1)');
  t.equal(linkTo('/a/report.html', 'azure:box/x.jpg'), undefined);
  t.end();
});

t.test('what cannot be seen in a name, or turns it around, is spelled out', (t) => {
  t.equal(visible('a\u202egpj.exe\n\u0000\u200b'), 'a\\u202egpj.exe\\u000a\\u0000\\u200b');
  t.equal(visible('Zoë Ωμέγα 写真 👩‍🦰.jpg'), 'Zoë Ωμέγα 写真 👩\\u200d🦰.jpg');
  t.same(nameParts('/a/b/c.jpg'), { folder: '/a/b/', file: 'c.jpg' });
  t.same(nameParts('c.jpg'), { folder: '', file: 'c.jpg' });
  t.same(nameParts('C:\\photos\\c.jpg'), { folder: 'C:\\photos\\', file: 'c.jpg' });
  t.end();
});

t.test('the folder that all photos share ends at a slash', (t) => {
  t.equal(commonFolder(['/a/bc/1.jpg', '/a/bd/2.jpg']), '/a/');
  t.equal(commonFolder(['/a/b/1.jpg', '/a/b/2.jpg']), '/a/b/');
  t.equal(commonFolder(['/a/1.jpg', 'azure:x/2.jpg']), '');
  t.equal(commonFolder(['1.jpg', 'b/2.jpg']), '');
  t.equal(commonFolder([]), '');
  t.end();
});
