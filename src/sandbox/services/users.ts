// Users: the one who owns the keys of the sandbox, and those that a test adds.
import * as z from 'zod';
import { ApiError } from '../requests/api-error.ts';
import { usersOf, type SandboxUser } from './auth.ts';
import { parseRequest, type Fields, type Service } from '../requests/endpoint.ts';
import type { Store } from '../store/store.ts';

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
  return {
    'users.get_current_user': ({ caller }) => {
      const { company } = store.settings();
      return {
        user: { ...userBy(caller.user), role: 'user', company: { id: company, name: 'sandbox' } },
        getting_started: null,
        settings: { max_download_items: 1000 },
      };
    },
    'users.get_by_id': (call) => {
      const { user: id } = parseRequest(z.object({ user: z.string() }), call.body);
      return { user: userBy(id) };
    },
    'users.get_all': () => ({ users: all().map(present) }),
    'users.get_all_ex': () => ({ users: all().map(present) }),
    'users.get_preferences': () => ({ preferences: {} }),
  };
}
