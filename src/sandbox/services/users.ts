// Users: there is one, who owns the keys of the sandbox.
import * as z from 'zod';
import { ApiError } from '../api-error.ts';
import { USER_NAME } from './auth.ts';
import { readRequest, type Fields, type Service } from '../call.ts';
import type { Store } from '../store.ts';

export function createUsersService(store: Store): Service {
  const user = (): Fields => {
    const { user: id, company } = store.settings();
    const [given, family] = USER_NAME.split(' ');
    return { id, name: USER_NAME, given_name: given, family_name: family, company };
  };
  return {
    'users.get_current_user': () => {
      const { company } = store.settings();
      return {
        user: { ...user(), role: 'user', company: { id: company, name: 'sandbox' } },
        getting_started: null,
        settings: { max_download_items: 1000 },
      };
    },
    'users.get_by_id': (call) => {
      const { user: id } = readRequest(z.object({ user: z.string() }), call.body);
      if (id !== store.settings().user) throw new ApiError('invalidUserId', { id });
      return { user: user() };
    },
    'users.get_all': () => ({ users: [user()] }),
    'users.get_all_ex': () => ({ users: [user()] }),
    'users.get_preferences': () => ({ preferences: {} }),
  };
}
