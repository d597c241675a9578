// Authentication by keys (Basic) and tokens (Bearer), and the calls that return tokens.
import * as z from 'zod';
import { ApiError } from '../api-error.ts';
import { readRequest, type Caller, type Service } from '../call.ts';
import type { SandboxClock } from '../sandbox-clock.ts';
import type { Store } from '../store.ts';
import { findTokenError, makeToken } from '../tokens.ts';

/** The name in "Stopped by …". */
export const USER_NAME = 'Sandbox User';

/** Endpoints that need no credentials. */
export const PUBLIC_ENDPOINTS: ReadonlySet<string> = new Set([
  'debug.ping',
  'server.info',
  'login.supported_modes',
  'auth.fixed_users_mode',
]);

/**
 * Authenticates the caller by the Authorization header.
 * @throws ApiError 401/20 without one, 401/10, 401/21, 401/22 (keys), 401/30 (token)
 */
export function identify(header: string | undefined, store: Store, nowAt: number): Caller {
  if (header === undefined) throw new ApiError('noCredentials');
  const [scheme, value = ''] = header.split(' ', 2);
  const settings = store.settings();
  if (scheme === 'Bearer') {
    const refusal = findTokenError(settings, nowAt, value);
    if (refusal !== undefined) throw new ApiError('invalidToken', {}, refusal);
  } else if (scheme === 'Basic') {
    checkKeys(value, settings.accessKey, settings.secretKey);
  } else {
    throw new ApiError('badAuthType', { scheme });
  }
  return { user: settings.user, userName: USER_NAME, company: settings.company };
}

function checkKeys(value: string, accessKey: string, secretKey: string): void {
  if (!/^[A-Za-z0-9+/]+=*$/.test(value)) throw new ApiError('malformedCredentials');
  const [key, secret] = Buffer.from(value, 'base64').toString().split(':', 2);
  if (key !== accessKey || secret !== secretKey) throw new ApiError('invalidCredentials');
}

const loginRequest = z.object({ expiration_sec: z.number().int().positive().max(31_536_000).optional() });

export function createAuthService(store: Store, clock: SandboxClock): Service {
  return {
    'auth.login': (call) => {
      const request = readRequest(loginRequest, call.body);
      const settings = store.settings();
      const lifeSeconds = request.expiration_sec ?? settings.tokenLifeSeconds;
      return { token: makeToken(settings, clock.now(), lifeSeconds, call.caller.userName) };
    },
    'auth.fixed_users_mode': () => ({ enabled: false, guest: { enabled: false } }),
    'login.supported_modes': () => ({ basic: { enabled: false, guest: { enabled: false } }, authenticated: false }),
  };
}
