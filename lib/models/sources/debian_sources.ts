// A deb-src list out of a machine's own apt sources.

export interface AptSourceFile {
  readonly path: string;
  readonly text: string;
}

/** One place that packages come from, in apt's one-line style. */
interface Entry {
  readonly options: string;
  readonly uri: string;
  readonly suite: string;
  readonly components: string;
}

/**
 * Turns one-line (`.list`) and deb822 (`.sources`) files into deb-src lines.
 *
 * @param codename the release, such as `bookworm`: where any entry is of it, the others (a vendor's own
 *   repositories, mostly without sources) are left out.
 */
export function debSourceList(files: readonly AptSourceFile[], codename: string): string {
  const entries = files.flatMap(({ path, text }) =>
    path.endsWith('.sources') ? readDeb822(text) : readLines(text),
  );
  const ofRelease = entries.filter(({ suite }) => suite === codename || suite.startsWith(`${codename}-`));
  const chosen = ofRelease.length > 0 ? ofRelease : entries;
  const lines = chosen.map(({ options, uri, suite, components }) =>
    ['deb-src', options, uri, suite, components].filter((part) => part !== '').join(' '),
  );
  return `${[...new Set(lines)].join('\n')}\n`;
}

function readLines(text: string): Entry[] {
  const line = /^\s*deb(?:-src)?\s+(\[[^\]]*\])?\s*(\S+)\s+(\S+)([^#\n]*)/gm;
  return [...text.matchAll(line)].map(([, options = '', uri = '', suite = '', components = '']) => ({
    options,
    uri,
    suite,
    components: components.trim(),
  }));
}

function readDeb822(text: string): Entry[] {
  // Comments may stand between the fields of a stanza.
  const stanzas = text.replaceAll(/^#.*\n?/gm, '').split(/\n\s*\n/);
  return stanzas.flatMap((stanza) => {
    const field = (name: string) =>
      new RegExp(`^${name}:[ \\t]*((?:.*)(?:\\n[ \\t]+.*)*)`, 'im').exec(stanza)?.[1]?.trim() ?? '';
    const words = (name: string) => field(name).split(/\s+/).filter(Boolean);
    if (field('Enabled').toLowerCase() === 'no') return [];
    const keyring = field('Signed-By');
    // A key written into the stanza itself cannot stand in one line; apt then uses its trusted keys.
    const options = keyring.startsWith('/') ? `[signed-by=${words('Signed-By').join(',')}]` : '';
    const components = words('Components').join(' ');
    return words('URIs').flatMap((uri) =>
      words('Suites').map((suite) => ({ options, uri, suite, components })),
    );
  });
}
