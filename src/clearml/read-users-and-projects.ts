// Reads users and projects for template variables.
import * as z from 'zod';
import type { People } from './client.ts';
import { unlessRefused } from './errors.ts';
import type { Session } from './connection/session.ts';
import { readPages } from './read-in-pages.ts';
import { readField } from './unreadable-entries.ts';

const Document = z.record(z.string(), z.unknown());
const OneUser = z.object({ user: Document });
const Users = z.object({ users: z.array(z.unknown()) });
const NamedUser = z.object({ id: z.string(), name: z.string().catch('') });
const OneProject = z.object({ project: Document });

export function createPeople(session: Session): People {
  async function list(page: object): Promise<readonly unknown[]> {
    const body = { only_fields: ['id', 'name'], order_by: ['id'], ...page };
    return (await session.call('users.get_all', body, { shape: Users, idempotent: true })).users;
  }

  return {
    async user(id) {
      const call = session.call('users.get_by_id', { user: id }, { shape: OneUser, idempotent: true });
      return (await unlessRefused(call, 'invalidUserId'))?.user;
    },

    async project(id) {
      const call = session.call('projects.get_by_id', { project: id }, { shape: OneProject, idempotent: true });
      return (await unlessRefused(call, 'invalidProjectId', 'projectNotFound'))?.project;
    },

    async all() {
      const rows = await readPages('users.get_all', (page, size) => list({ page, page_size: size }), {
        readId: async (position) => readField((await list({ page: position, page_size: 1 }))[0], 'id'),
      });
      const users = rows.flatMap((row) => NamedUser.safeParse(row).data ?? []);
      // A user who was added meanwhile moves another one to the next page, and one user must not look like two of the same name.
      return [...new Map(users.map((user) => [user.id, user])).values()];
    },
  };
}
