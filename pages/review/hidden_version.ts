// Why a version that was chosen has no effect.

import type { ApiModelHistory } from '../../lib/server/api.js';
import { visible } from '../shared/names.js';

export function hiddenSentence({ hiddenBy }: ApiModelHistory): string {
  return `A folder named by whoever runs this server goes before it: ‘${visible(hiddenBy ?? '')}’. Runs use the files there.`;
}
