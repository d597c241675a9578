// Tests how soon the job of a task ends after its user's act, with so many tracked tasks that a poll reads only what changed.
import { expect } from 'chai';
import type { TaskId } from '../../src/clearml/ids.ts';
import { OTHER_QUEUE, SCHEDULER_QUEUE } from '../simulation/queues.ts';
import { GRACE_PERIODS } from '../support/simulated-values.ts';
import { advance, startDaemon, type DaemonRun } from './run-daemon.ts';
import { createStepFixture, taskNumber, type StepFixture } from './step-fixture.ts';

/** A poll reads up to 100 tracked tasks in full. */
const TRACKED = 120;
const MINUTE_MS = 60_000;

const ENDS = [
  { title: 'resets the task', endpoint: 'tasks.reset', body: { force: true }, becomes: 'created' },
  { title: 'deletes the task', endpoint: 'tasks.delete', body: { force: true }, becomes: undefined },
] as const;

const ACTS = [
  ...ENDS,
  { title: 'aborts the task', endpoint: 'tasks.stop', body: {}, becomes: 'stopped' },
  { title: 'dequeues the task', endpoint: 'tasks.dequeue', body: {}, becomes: 'created' },
  { title: 'archives the task', endpoint: 'tasks.archive', body: {}, becomes: 'created' },
  {
    title: 'moves the task to another queue',
    endpoint: 'tasks.enqueue',
    body: { queue: OTHER_QUEUE },
    becomes: 'queued',
  },
] as const;

describe(`a daemon that tracks ${TRACKED} other tasks`, () => {
  let fixture: StepFixture;
  let daemon: DaemonRun;
  let next = 0;

  before(async () => {
    fixture = createStepFixture();
    for (let number = 1; number <= TRACKED; number += 1) await fixture.enqueued(number);
    daemon = startDaemon(fixture.deps);
    await advance(fixture.clock, MINUTE_MS);
    for (const job of fixture.cluster.jobs.filter((_, index) => index % 2 === 0)) {
      const task = job.task;
      await fixture.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });
      await fixture.server.call('tasks.started', { task });
      Object.assign(job, { state: 'RUNNING', phase: 'run', startAt: fixture.clock.now() });
    }
    // Until the longest interval between polls is reached.
    await advance(fixture.clock, 10 * MINUTE_MS);
  });

  after(async () => {
    await daemon.end();
  });

  /** The next task with a job in this state. */
  function choose(state: 'PENDING' | 'RUNNING'): TaskId {
    next += 1;
    const job = fixture.cluster.jobs.slice(next).find((one) => one.state === state);
    return taskNumber(Number(job?.task));
  }

  async function documentsOfAMinute(): Promise<number> {
    let documents = 0;
    fixture.server.garble = (endpoint, response) => {
      if (endpoint === 'tasks.get_all') documents += (response['tasks'] as unknown[]).length;
      return response;
    };
    await advance(fixture.clock, MINUTE_MS);
    fixture.server.garble = (_, response) => response;
    return documents;
  }

  for (const { state, acts, when, ms } of [
    { state: 'PENDING', acts: ACTS, when: 'within a minute', ms: MINUTE_MS },
    // The agent detects it by itself, and has the grace period to end.
    {
      state: 'RUNNING',
      acts: ENDS,
      when: 'within two minutes after the grace period',
      ms: 2 * MINUTE_MS + GRACE_PERIODS.endMs,
    },
  ] as const)
    for (const { title, endpoint, body, becomes } of acts)
      it(`cancels the ${state} job of a task ${when} if a user ${title}`, async () => {
        expect(await documentsOfAMinute(), 'tasks that the server returned').to.be.below(TRACKED);
        const task = choose(state);
        const { clock, cluster, server } = fixture;

        await server.call(endpoint, { task, ...(endpoint === 'tasks.archive' ? { tasks: [task] } : {}), ...body });
        await advance(clock, ms);

        const ends = cluster.jobs.filter((job) => job.task === task).map((job) => job.leaving?.state ?? job.state);
        expect(ends).to.deep.equal(['CANCELLED']);
        expect((await fixture.read(task))?.status).to.equal(becomes);
        expect(cluster.jobs).to.have.length(TRACKED);
      });
});
