// The pages, whose scripts and styles come from this server alone: / on which people review, and others beside it.

import type { FastifyInstance, FastifyReply } from 'fastify';
import { type PageName, pageAssets } from '../../page_assets.js';

function shellOf(page: PageName): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>facededup</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/${page}.css">
<script src="/${page}.js" defer></script>
</head>
<body>
<noscript>This page needs JavaScript.</noscript>
</body>
</html>
`;
}

export function addPageRoutes(app: FastifyInstance): void {
  addPage(app, '/', 'review');
}

/** A page holds nothing of anybody, and asks for the token itself: whoever has none sees no more than that. */
export function addPage(app: FastifyInstance, address: string, page: PageName): void {
  const options = { config: { isOpen: true }, schema: { hide: true } };
  const shell = shellOf(page);
  const send = (reply: FastifyReply, type: string, content: string) =>
    reply.header('cache-control', 'no-cache').type(`${type}; charset=utf-8`).send(content);
  app.get(address, options, (_request, reply) => send(reply, 'text/html', shell));
  app.get(`/${page}.js`, options, (_request, reply) =>
    send(reply, 'text/javascript', pageAssets(page).script),
  );
  app.get(`/${page}.css`, options, (_request, reply) => send(reply, 'text/css', pageAssets(page).style));
}
