// Reads users and projects for template variables.
import * as z from 'zod';
import type { People } from './client.ts';
import { unlessRefused } from './connection/refusal-codes.ts';
import type { Session } from './connection/session.ts';

const Document = z.record(z.string(), z.unknown());
const OneUser = z.object({ user: Document });
const Users = z.object({ users: z.array(z.unknown()) });
const NamedUser = z.object({ id: z.string(), name: z.string().catch('') });
const OneProject = z.object({ project: Document });

export function createPeople(session: Session): People {
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
      const body = { only_fields: ['id', 'name'] };
      const { users } = await session.call('users.get_all', body, { shape: Users, idempotent: true });
      return users.flatMap((user) => NamedUser.safeParse(user).data ?? []);
    },
  };
}
