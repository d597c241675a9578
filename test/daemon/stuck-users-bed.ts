// A daemon whose mapped users can stop (SIGSTOP) every command that runs as them.
import { expect } from 'chai';
import { createUnixUsers } from '../../src/daemon/users/unix-users.ts';
import { CommandTimeoutError } from '../../src/transport/errors.ts';
import type { TaskId } from '../../src/clearml/ids.ts';
import type { Command } from '../../src/transport/transport.ts';
import type { DaemonDeps } from '../../src/daemon/deps.ts';
import type { UserMap } from '../../src/base/resolve-user-map.ts';
import { FACTS, type SimJob } from '../simulation/simulated-slurm.ts';
import { MANY_UNIX_USERS } from '../simulation/unix-users.ts';
import { advance, startDaemon } from './run-daemon.ts';
import { createSimulatedScheduler } from './simulated-scheduler.ts';
import { createStepFixture, type StepFixture } from './step-fixture.ts';

export const USERS = MANY_UNIX_USERS.map(({ name }) => name);
export const [OTHER = expect.fail('there are no users')] = USERS.slice(-1);
export const MINUTE_MS = 60_000;
/** A step that takes longer than this counts as so many seconds. */
export const LONGEST_SEC = 3_600;

const MAP: UserMap = {
  byOwner: new Map(MANY_UNIX_USERS.map((user) => [`owner of ${user.name}`, { kind: 'run as', user }])),
  fallback: undefined,
  problems: [],
};

export interface Bed {
  readonly fixture: StepFixture;
  readonly deps: DaemonDeps;
  /** All commands as these users hang. */
  readonly stuck: Set<string>;
  /** How long the next of them hangs; by default until its timeout. A shorter one gets its response then. */
  hangMs: (command: Command) => number;
  /** How long sbatch takes for all others. */
  sbatchMs: number;
  readonly enqueued: (user: string) => Promise<TaskId>;
  readonly jobOf: (task: TaskId) => SimJob | undefined;
  readonly statusOf: (task: TaskId) => string;
}

export function createBed(hidesJobs: boolean): Bed {
  const fixture = createStepFixture();
  const { clock, cluster, server } = fixture;
  const scheduler = createSimulatedScheduler(fixture, { hasAccounting: true, hidesJobs }, async (command) => {
    const { program, runAs, timeoutMs } = command;
    if (runAs !== undefined && bed.stuck.has(runAs)) {
      const ms = bed.hangMs(command);
      await clock.of(1).sleep(ms);
      if (ms < timeoutMs) return;
      throw new CommandTimeoutError(`${program} as ${runAs}`, timeoutMs, '', '');
    }
    await clock.of(1).sleep(program === 'sbatch' ? bed.sbatchMs : 50);
  });
  const unixUsers = createUnixUsers(MAP);
  const deps = { ...fixture.deps, scheduler, unixUsers, cluster: { ...FACTS, hasAccounting: true, hidesJobs } };
  let tasks = 0;
  const bed: Bed = {
    fixture,
    deps,
    stuck: new Set(),
    hangMs: ({ timeoutMs }) => timeoutMs,
    sbatchMs: 50,
    async enqueued(user) {
      tasks += 1;
      const id = await fixture.enqueued(tasks);
      const task = server.store.tasks.get(id);
      if (task !== undefined) server.store.tasks.put({ ...task, user: `owner of ${user}` });
      return id;
    },
    jobOf: (task) => cluster.jobs.findLast((job) => job.task === task),
    statusOf: (task) => String(server.store.tasks.get(task)?.status),
  };
  return bed;
}

/** Returns after how many seconds the condition is true. */
export async function secondsUntil({ fixture: { clock } }: Bed, condition: () => boolean): Promise<number> {
  const from = clock.now();
  while (!condition() && clock.now() - from < LONGEST_SEC * 1_000) await advance(clock, 1_000);
  return (clock.now() - from) / 1_000;
}

export async function withDaemon<Result>(bed: Bed, work: (bed: Bed) => Promise<Result>): Promise<Result> {
  const daemon = startDaemon(bed.deps);
  await advance(bed.fixture.clock, MINUTE_MS);
  const result = await work(bed);
  daemon.stop();
  await advance(bed.fixture.clock, 10 * MINUTE_MS);
  await daemon.ended;
  return result;
}
