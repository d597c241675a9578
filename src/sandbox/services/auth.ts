// Users, their authentication by keys (Basic) and tokens (Bearer), and the calls that return tokens.
import * as z from 'zod';
import { ApiError } from '../requests/api-error.ts';
import type { Conditions } from '../requests/filter-documents.ts';
import { listDocuments } from '../requests/list-documents.ts';
import { endpoint, type Caller, type Service, type Fields } from '../requests/endpoint.ts';
import type { SandboxSettings } from '../store/documents.ts';
import type { SandboxClock } from '../store/sandbox-clock.ts';
import type { Store } from '../store/store.ts';
import { findTokenError, makeToken, userOfToken } from '../requests/login-tokens.ts';

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
  const users = usersOf(settings);
  let user: SandboxUser | undefined;
  if (scheme === 'Bearer') {
    const refusal = findTokenError(settings, nowAt, value);
    if (refusal !== undefined) throw new ApiError('invalidToken', {}, refusal);
    const id = userOfToken(value);
    user = users.find((one) => one.id === id);
  } else if (scheme === 'Basic') {
    user = findByKeys(value, users);
  } else {
    throw new ApiError('badAuthType', { scheme });
  }
  if (user === undefined) throw new ApiError('invalidCredentials');
  return { user: user.id, userName: user.name, company: settings.company };
}

export type SandboxUser = SandboxSettings['others'][number];

/** All users, the first one included. */
function usersOf({ user, accessKey, secretKey, others }: SandboxSettings): SandboxUser[] {
  return [{ id: user, name: USER_NAME, accessKey, secretKey }, ...others];
}

function findByKeys(value: string, users: readonly SandboxUser[]): SandboxUser | undefined {
  if (!/^[A-Za-z0-9+/]+=*$/.test(value)) throw new ApiError('malformedCredentials');
  const [key, secret] = Buffer.from(value, 'base64').toString().split(':', 2);
  return users.find(({ accessKey, secretKey }) => key === accessKey && secret === secretKey);
}

const loginRequest = z.object({ expiration_sec: z.number().int().positive().max(31_536_000).optional() });

export function createAuthService(store: Store, clock: SandboxClock): Service {
  return {
    'auth.login': endpoint(loginRequest, (request, call) => {
      const settings = store.settings();
      const lifeSeconds = request.expiration_sec ?? settings.tokenLifeSeconds;
      return { token: makeToken(settings, clock.now(), lifeSeconds, call.caller) };
    }),
    'auth.fixed_users_mode': () => ({ enabled: false, guest: { enabled: false } }),
    'login.supported_modes': () => ({ basic: { enabled: false, guest: { enabled: false } }, authenticated: false }),
  };
}

const CONDITIONS: Conditions = { list: ['id'] };

export function createUsersService(store: Store): Service {
  const present = ({ id, name }: SandboxUser): Fields => {
    const [given, family] = name.split(' ');
    return { id, name, given_name: given, family_name: family, company: store.settings().company };
  };
  const all = (): SandboxUser[] => usersOf(store.settings());
  const userBy = (id: string): Fields => {
    const found = all().find((user) => user.id === id);
    if (found === undefined) throw new ApiError('invalidUserId', { id });
    return present(found);
  };
  const list = (body: Fields): Fields => ({
    users: listDocuments(all().map(present), body, { conditions: CONDITIONS }).documents,
  });
  return {
    'users.get_current_user': ({ caller }) => {
      const { company } = store.settings();
      return {
        user: { ...userBy(caller.user), role: 'user', company: { id: company, name: 'sandbox' } },
        getting_started: null,
        settings: { max_download_items: 1000 },
      };
    },
    'users.get_by_id': endpoint(z.object({ user: z.string() }), ({ user: id }) => ({ user: userBy(id) })),
    'users.get_all': (call) => list(call.body),
    'users.get_all_ex': (call) => list(call.body),
    'users.get_preferences': () => ({ preferences: {} }),
  };
}
