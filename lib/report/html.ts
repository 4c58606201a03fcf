// The markup of a report's file: text escaped, data in blocks that are not run, a policy that lets nothing else in.

import { createHash } from 'node:crypto';
import type { PageAssets } from '../page_assets.js';
import { elementIds } from './data.js';

export interface Shell {
  readonly title: string;
  /** What was found, in a sentence. */
  readonly summary: string;
  /** Stands there where no script runs to say more. */
  readonly estimate: string;
  /** Whether photos beside the report may be shown. */
  readonly showsFiles: boolean;
  readonly assets: PageAssets;
}

export function escapeHtml(text: string): string {
  const signs: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (sign) => signs[sign] ?? sign);
}

/** JSON that ends no script element, whatever its strings say. */
export function escapedJson(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

export function shellStart({ title, summary, estimate, showsFiles, assets }: Shell): string {
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(assets.script)}'`,
    `style-src '${hashOf(assets.style)}'`,
    `img-src data:${showsFiles ? ' file:' : ''}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(title)}</title>
<style>${assets.style}</style>
</head>
<body>
<a class="skip-link" href="#results">Skip to the pairs</a>
<header class="masthead page" id="masthead">
<h1>${escapeHtml(title)}</h1>
<p class="lead">${escapeHtml(summary)}</p>
</header>
<main id="main">
<noscript><p class="page">${escapeHtml(estimate)}</p>
<p class="page">The pairs are shown by a script, and this browser runs none.</p></noscript>
</main>
`;
}

/** Base64 needs no escaping. */
export function imageBlock(kind: 'crops' | 'wholes', first: number, images: readonly string[]): string {
  return `<script type="application/json" class="${elementIds[kind]}" data-first="${first}">${JSON.stringify(images)}</script>\n`;
}

export function shellEnd(data: unknown, assets: PageAssets): string {
  return `<script type="application/json" id="${elementIds.data}">${escapedJson(data)}</script>
<script>${assets.script}</script>
</body>
</html>
`;
}

function hashOf(content: string): string {
  return `sha256-${createHash('sha256').update(content, 'utf8').digest('base64')}`;
}
