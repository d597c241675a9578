// A daemon with a user map on the simulated cluster: alice owns a1's tasks, bob b2's, and the user of the daemon d0's.
import type { UnixUser, UserMap } from '../../src/base/resolve-user-map.ts';
import type { TaskId } from '../../src/clearml/ids.ts';
import type { DaemonDeps } from '../../src/daemon/deps.ts';
import { createUnixUsers } from '../../src/daemon/users/unix-users.ts';
import { advance, startDaemon } from './run-daemon.ts';
import { severalUsers, type SeveralUsers } from './several-users.ts';
import { createStepFixture, type StepFixture } from './step-fixture.ts';

export const MINUTE_MS = 60_000;
const ALICE: UnixUser = { name: 'alice', uid: 1001, home: '/home/alice' };
const BOB: UnixUser = { name: 'bob', uid: 1002, home: '/home/bob' };

export const MAP: UserMap = {
  byOwner: new Map([
    ['a1', { kind: 'run as', user: ALICE }],
    ['b2', { kind: 'run as', user: BOB }],
    ['d0', { kind: 'run as', user: undefined }],
  ]),
  fallback: undefined,
  problems: [],
};

interface Bed {
  readonly fixture: StepFixture;
  readonly users: SeveralUsers;
  readonly deps: DaemonDeps;
  readonly enqueued: (number: number, owner: string) => Promise<TaskId>;
}

export function createBed(map: UserMap = MAP): Bed {
  const fixture = createStepFixture();
  const users = severalUsers(fixture.deps.scheduler, fixture.clock);
  const deps = { ...fixture.deps, scheduler: users.scheduler, unixUsers: createUnixUsers(map) };
  return {
    fixture,
    users,
    deps,
    async enqueued(number, owner) {
      const id = await fixture.enqueued(number);
      own(fixture, id, owner);
      return id;
    },
  };
}

function own({ server }: StepFixture, id: TaskId, owner: string): void {
  const task = server.store.tasks.get(id);
  if (task !== undefined) server.store.tasks.put({ ...task, user: owner });
}

export async function run(deps: DaemonDeps, { clock }: StepFixture, ms: number): Promise<void> {
  const daemon = startDaemon(deps);
  await advance(clock, ms);
  await daemon.end();
}
