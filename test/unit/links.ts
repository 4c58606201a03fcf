// Every link in the documents leads somewhere: files are there, headings have the anchors that links name.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import t from 'tap';
import { packageRoot } from '../../lib/package_root.js';

const documents = ['.', 'docs', 'examples', 'models', '.github']
  .flatMap((folder) => readdirSync(join(packageRoot, folder)).map((name) => join(folder, name)))
  .filter((path) => path.endsWith('.md'));

/** Without code, in which brackets are no links. */
function proseOf(text: string): string {
  return text
    .replaceAll(/^( *)(```|~~~)[\s\S]*?^\1\2/gm, '')
    .replaceAll(/`[^`\n]*`/g, (code) => code.replaceAll(/[[\]()]/g, ''));
}

/** As GitHub makes them of headings: https://github.com/gjtorikian/html-pipeline, TableOfContentsFilter. */
function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  const withoutBlocks = text.replaceAll(/^( *)(```|~~~)[\s\S]*?^\1\2/gm, '');
  for (const [, heading = ''] of withoutBlocks.matchAll(/^#{1,6} +(.*?) *#*$/gm)) {
    const anchor = heading
      .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
      .replaceAll(' ', '-');
    let unique = anchor;
    for (let again = 1; anchors.has(unique); again++) unique = `${anchor}-${again}`;
    anchors.add(unique);
  }
  return anchors;
}

function linksOf(text: string): string[] {
  const prose = proseOf(text);
  const inline = [...prose.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)];
  const references = [...prose.matchAll(/^\[[^\]]+\]: *<?(\S+?)>?$/gm)];
  return [...inline, ...references].map(([, target = '']) => target);
}

/** What is wrong with a link, or undefined. */
function faultOf(document: string, link: string): string | undefined {
  if (/^[a-z][a-z+.-]*:/i.test(link)) return faultOfAddress(link);
  const [path = '', anchor] = link.split('#', 2);
  const target = path === '' ? document : join(dirname(document), decodeURIComponent(path));
  if (relative('.', target).startsWith('..')) return 'leads out of the repository';
  const file = join(packageRoot, target);
  if (!existsSync(file)) return `there is no ${target}`;
  if (anchor === undefined) return undefined;
  if (!target.endsWith('.md')) return 'names an anchor in what is no document';
  return anchorsOf(readFileSync(file, 'utf8')).has(anchor)
    ? undefined
    : `${target} has no heading #${anchor}`;
}

/** Tests ask nothing of other machines: only the form is looked at. */
function faultOfAddress(link: string): string | undefined {
  if (link.startsWith('mailto:')) return undefined;
  if (!URL.canParse(link)) return 'is no address';
  const { protocol, hostname } = new URL(link);
  if (!['https:', 'http:'].includes(protocol)) return `is ${protocol} and not https:`;
  return hostname === 'localhost' || hostname.includes('.') ? undefined : 'names no host';
}

t.test('anchors are made as GitHub makes them', async (t) => {
  const text =
    '# A `shrinkOnLoad`, and more\n## The floor\n```sh\n# no heading\n```\n## The floor\n## [Link](x.md) ##\n';
  t.same([...anchorsOf(text)], ['a-shrinkonload-and-more', 'the-floor', 'the-floor-1', 'link']);
});

t.test('links are found, and code holds none', async (t) => {
  const text = '[a](b.md) `c[0](d)` [e](<f.md> "title")\n```js\n[g](h)\n```\n[i]: https://j.k\n';
  t.same(linksOf(text), ['b.md', 'f.md', 'https://j.k']);
});

for (const document of documents) {
  t.test(`the links of ${document}`, async (t) => {
    const text = readFileSync(join(packageRoot, document), 'utf8');
    const faults = linksOf(text).flatMap((link) => {
      const fault = faultOf(document, link);
      return fault === undefined ? [] : [`${link}: ${fault}`];
    });
    t.same(faults, []);
  });
}

t.test('every document in docs/ is named in its index', async (t) => {
  const index = linksOf(readFileSync(join(packageRoot, 'docs', 'README.md'), 'utf8')).map(
    (link) => link.split('#')[0],
  );
  for (const document of documents.filter(
    (path) => /^docs\/[^/]+\.md$/.test(path) && path !== 'docs/README.md',
  ))
    t.ok(index.includes(document.slice('docs/'.length)), document);
});
