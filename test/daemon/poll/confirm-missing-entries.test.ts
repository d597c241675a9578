// A job keeps waiting unless its task was really removed from the scheduler queue; tasks that return keep their order.
import { expect } from 'chai';
import { advance, startDaemon } from '../run-daemon.ts';
import { createStepFixture, type StepFixture } from '../step-fixture.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';

interface Row {
  readonly id: string;
  readonly entries: readonly unknown[];
}

/** @returns whether it was garbled */
function garbleOnce(fixture: StepFixture, garble: (queues: readonly Row[]) => readonly Row[]): () => boolean {
  let isDone = false;
  fixture.server.garble = (endpoint, response, body) => {
    if (endpoint !== 'queues.get_all' || isDone || (body as { id?: unknown }).id !== undefined) return response;
    isDone = true;
    return { queues: garble(response['queues'] as readonly Row[]) };
  };
  return () => isDone;
}

/** A daemon with five waiting jobs. */
async function startWithJobs(fixture: StepFixture): Promise<ReturnType<typeof startDaemon>> {
  for (let number = 1; number <= 5; number += 1) await fixture.enqueued(number);
  const run = startDaemon(fixture.deps);
  await advance(fixture.clock, 120_000);
  expect(statesOf(fixture)).to.deep.equal(Array.from({ length: 5 }, () => 'PENDING'));
  return run;
}

function statesOf({ cluster }: StepFixture): string[] {
  return cluster.jobs.map(({ state }) => state);
}

describe('a parked task with a pending job', () => {
  for (const [what, garble] of [
    ['the scheduler queue', (queues: readonly Row[]) => queues.filter(({ id }) => id !== SCHEDULER_QUEUE)],
    [
      'the entries of the scheduler queue',
      (queues: readonly Row[]) => queues.map((row) => (row.id === SCHEDULER_QUEUE ? { ...row, entries: [] } : row)),
    ],
  ] as const)
    it(`keeps its job if only one response of ClearML lacks ${what}`, async () => {
      const fixture = createStepFixture();
      const run = await startWithJobs(fixture);

      const isGarbled = garbleOnce(fixture, garble);
      await advance(fixture.clock, 240_000);
      run.stop();

      expect(isGarbled()).to.equal(true);
      expect(statesOf(fixture)).to.deep.equal(Array.from({ length: 5 }, () => 'PENDING'));
      expect(fixture.logged.filter((line) => line.includes('scheduler queue'))).to.deep.equal([]);
    });

  it('keeps its job if a user deletes a queue while the daemon reads 500 queues', async () => {
    const fixture = createStepFixture();
    // Their ids sort before that of the scheduler queue, which becomes the first queue of the second page.
    for (let number = 0; number < 498; number += 1) fixture.server.addQueue(idOf(number), `queue ${number}`);
    const run = await startWithJobs(fixture);

    const isGarbled = garbleOnce(fixture, (queues) => {
      void fixture.server.call('queues.delete', { queue: idOf(7) });
      return queues;
    });
    await advance(fixture.clock, 240_000);
    run.stop();

    expect(isGarbled()).to.equal(true);
    expect(statesOf(fixture)).to.deep.equal(Array.from({ length: 5 }, () => 'PENDING'));
  });

  it('loses its job once a user has removed the task from the scheduler queue', async () => {
    const fixture = createStepFixture();
    const run = await startWithJobs(fixture);
    const [job] = fixture.cluster.jobs;

    await fixture.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task: job?.task });
    await advance(fixture.clock, 240_000);
    run.stop();

    expect(statesOf(fixture)).to.deep.equal(['CANCELLED', 'PENDING', 'PENDING', 'PENDING', 'PENDING']);
  });
});

describe('tasks that return to their queue in one pass', () => {
  it('keep their order', async () => {
    const fixture = createStepFixture();
    // A peer may have removed the entries, so that the tasks wait again instead of being dequeued.
    Object.assign(fixture.deps.peers, { hasMet: () => true });
    const run = await startWithJobs(fixture);

    const queue = fixture.server.store.queues.get(SCHEDULER_QUEUE) ?? expect.fail('no scheduler queue');
    fixture.server.store.queues.put({ ...queue, entries: [] });
    await advance(fixture.clock, 120_000);
    run.stop();

    const again = fixture.cluster.jobs.filter(({ state }) => state === 'PENDING').map(({ task }) => Number(task));
    expect(again).to.deep.equal([1, 2, 3, 4, 5]);
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([]);
  });
});

function idOf(number: number): string {
  return `0${String(number).padStart(31, '0')}`;
}
