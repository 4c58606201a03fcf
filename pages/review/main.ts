// The review and admin page: it asks who is there, then shows the view that the address names.

import { begin } from './begin.js';
import { Shell } from './shell.js';

begin((session) => new Shell(session));
