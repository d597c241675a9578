// Claims under limits, fairness and pauses on the simulated server and cluster.
import { expect } from 'chai';
import { createRateLimit } from '../../../src/base/token-bucket.ts';
import type { DaemonDeps, ServedQueue } from '../../../src/daemon/deps.ts';
import { OWN_QUEUE } from '../../simulation/queues.ts';
import { createClaims } from '../run-daemon.ts';
import { createStepFixture, taskNumber, type StepFixture } from '../step-fixture.ts';

export const go = new AbortController().signal;

/** A fixture whose own queue has these settings. */
export function fixtureWith(
  queue: Pick<ServedQueue, 'limits' | 'userFairness'>,
  overrides: Partial<DaemonDeps> = {},
): StepFixture {
  const [own] = createStepFixture().deps.queues;
  if (own === undefined) throw new Error('the fixture serves no queue');
  const rateLimit = createRateLimit({ perSecond: 100, burst: 1_000 });
  return createStepFixture({ queues: [{ ...own, ...queue }], rateLimit, ...overrides });
}

export interface Passes {
  /** One claim pass with a new snapshot. */
  claim(): Promise<number>;
}

export function passesOf(fixture: StepFixture, deps: DaemonDeps = fixture.deps): Passes {
  const { claimer, pool } = createClaims(deps);
  return {
    async claim() {
      const snapshot = await fixture.poll();
      const claiming = claimer.claimTasks(snapshot, { until: fixture.clock.now() + 60_000, signal: go });
      const claimed = await claiming;
      await pool.finish();
      return claimed;
    },
  };
}

/** Enqueues tasks with these numbers for a user. */
export async function enqueue(fixture: StepFixture, owner: string, ...numbers: readonly number[]): Promise<void> {
  for (const number of numbers) {
    const task = taskNumber(number);
    fixture.server.addTask(task, `task ${number}`);
    const document = fixture.server.store.tasks.get(task) ?? expect.fail('no such task');
    fixture.server.store.tasks.put({ ...document, user: owner });
    await fixture.server.call('tasks.enqueue', { task, queue: OWN_QUEUE });
  }
}

export async function messageOf(fixture: StepFixture, number: number): Promise<string | undefined> {
  return (await fixture.read(taskNumber(number)))?.statusMessage;
}

export function submittedOf(fixture: StepFixture): number[] {
  return fixture.cluster.jobs.map(({ task }) => Number(task));
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** The passes of the same daemon after a restart without its journal. */
export function passesWithoutJournal(fixture: StepFixture): Passes {
  const restarted = { ...fixture.peer(1), queues: fixture.deps.queues };
  return passesOf({ ...fixture, deps: restarted }, restarted);
}

/** A peer that serves the same queues, and that the daemon has met. */
export async function metPeer(fixture: StepFixture): Promise<DaemonDeps> {
  const peer = { ...fixture.peer(2), queues: fixture.deps.queues };
  await peer.clearml.workers.register(peer.peers.row(), 600_000);
  await fixture.deps.peers.refresh(fixture.deps.clearml.workers, fixture.clock.now());
  return peer;
}
