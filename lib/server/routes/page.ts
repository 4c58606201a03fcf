// /: the page on which people review, whose script and style come from this server alone.

import type { FastifyInstance, FastifyReply } from 'fastify';
import { pageAssets } from '../../page_assets.js';

const shell = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>facededup</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/review.css">
<script src="/review.js" defer></script>
</head>
<body>
<noscript>This page needs JavaScript.</noscript>
</body>
</html>
`;

export function addPageRoutes(app: FastifyInstance): void {
  const options = { config: { isOpen: true }, schema: { hide: true } };
  const send = (reply: FastifyReply, type: string, content: string) =>
    reply.header('cache-control', 'no-cache').type(`${type}; charset=utf-8`).send(content);
  app.get('/', options, (_request, reply) => send(reply, 'text/html', shell));
  app.get('/review.js', options, (_request, reply) =>
    send(reply, 'text/javascript', pageAssets('review').script),
  );
  app.get('/review.css', options, (_request, reply) => send(reply, 'text/css', pageAssets('review').style));
}
