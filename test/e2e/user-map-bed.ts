// A world with a user map: a ClearML server with three more users, two of whom have a Unix user.
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestUser } from '../support/users-with-sudo.ts';
import { QUICK_TEMPLATE } from './templates.ts';
import { connectApi, userOf, type User } from '../support/clearml-user.ts';
import { startWorld, type Wishes, type World } from './world.ts';

export interface Bed extends AsyncDisposable {
  readonly world: World;
  readonly template: string;
  readonly queue: string;
  /** Users of ClearML: two with a Unix user, and one without. */
  readonly people: Readonly<Record<'alice' | 'bob' | 'carol', User>>;
  readonly conf: string;
  readonly serve: () => Promise<ReturnType<World['start']>>;
  readonly enqueue: (who: User, code: string, properties?: Readonly<Record<string, string>>) => Promise<string>;
  readonly rewrite: (change: (text: string) => string) => void;
}

/** A world whose ClearML server has three more users, two of them with a clearml.conf in their home. */
export async function openUserMapBed(
  { alice, bob }: Readonly<Record<'alice' | 'bob', TestUser>>,
  wishes: Wishes,
): Promise<Bed> {
  const world = await startWorld(wishes);
  const { api } = world.user;
  const conf = join(world.home, 'clearml.conf');
  const url = /api_server: "(.*)"/.exec(readFileSync(conf, 'utf8'))?.[1] ?? '';
  const ids: Record<string, string> = {};

  async function person(name: string, account?: TestUser): Promise<User> {
    const added = await api('sandbox.add_user', { name });
    const keys = { url, accessKey: String(added['access_key']), secretKey: String(added['secret_key']) };
    ids[name] = String(added['id']);
    account?.write(
      'clearml.conf',
      `api { api_server: "${url}", web_server: "${url}", files_server: "${url}"
        credentials { access_key: "${keys.accessKey}", secret_key: "${keys.secretKey}" } }\n`,
    );
    return userOf(await connectApi(keys), { nameOf: world.nameOf, project: undefined });
  }

  const people = {
    alice: await person('Alice', alice),
    bob: await person('Bob', bob),
    carol: await person('Carol'),
  };
  const rewrite = (change: (text: string) => string): void => writeFileSync(conf, change(readFileSync(conf, 'utf8')));
  // One by id, one by name.
  rewrite((text) =>
    text.replace(
      'poll_interval_sec',
      `user_map { "${ids['Alice'] ?? ''}": ${alice.name}, Bob: ${bob.name} }\n    poll_interval_sec`,
    ),
  );
  const path = await world.write('users.template', QUICK_TEMPLATE);
  chmodSync(path, 0o644);
  const queue = await world.user.makeQueue('users');
  return {
    world,
    template: path,
    queue,
    people,
    conf,
    rewrite,
    async serve() {
      const program = world.start('--template-files', path, '--queue', world.nameOf('users'));
      await program.untilLogged('Serving');
      return program;
    },
    async enqueue(who, code, properties = {}) {
      const task = await who.makeTask({ code, properties });
      await who.enqueue(task, queue);
      return task;
    },
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}
