// Information about the server, and services that clients only query at start-up.
import type { Service } from './call.ts';
import { API_VERSION, SERVER_VERSION } from './envelope.ts';

export function createServerInfoService(): Service {
  return {
    'server.info': () => ({ version: SERVER_VERSION, build: 'sandbox', commit: '', api_version: API_VERSION }),
    'debug.ping': () => ({ msg: 'Because it trains cats and dogs' }),
    'models.get_all': () => ({ models: [] }),
    'models.get_all_ex': () => ({ models: [] }),
  };
}
