// Refusals that more than one part of the server says, each with the time after which asking again makes sense.

import { ServerError } from '../errors.js';

export function serverClosing(): ServerError {
  return new ServerError('SERVER_CLOSING', 'The server is being stopped. Try again when it is back.', {
    retryAfter: 10,
  });
}

export function serverBusy(reason: string): ServerError {
  return new ServerError('SERVER_BUSY', `${reason} Try again in a moment.`, { retryAfter: 5 });
}
