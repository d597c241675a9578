// Tests how each step is finished after a crash, for each state that may be found outside.
import { expect } from 'chai';
import type { TaskId } from '../../../src/clearml/ids.ts';
import type { Entry } from '../../../src/daemon/journal/entry.ts';
import { finishInterruptedSteps } from '../../../src/daemon/recover/finish-interrupted-steps.ts';
import { formatJobName } from '../../../src/slurm/job-name.ts';
import { createStepFixture, type StepFixture } from '../step-fixture.ts';
import { OTHER_QUEUE, OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';
import { attempt, NOW } from '../decide/observations.ts';

const go = new AbortController().signal;

interface Found {
  /** Where the task is. */
  readonly place: 'own' | 'nowhere' | 'parked';
  readonly job?: 'PENDING' | 'FAILED';
}

async function leave(
  fixture: StepFixture,
  step: Entry['step'],
  { place, job }: Found,
  more: Partial<Entry> = {},
): Promise<TaskId> {
  const task = await fixture.enqueued(1);
  if (place !== 'own') await fixture.server.call('queues.get_next_task', { queue: OWN_QUEUE });
  if (place === 'parked') {
    await fixture.server.call('queues.add_task', { queue: SCHEDULER_QUEUE, task, update_execution_queue: false });
  }
  if (job !== undefined) {
    await fixture.deps.scheduler.submit({ jobName: formatJobName(task, attempt(1)), script: 'login1:slurm' });
    const [made] = fixture.cluster.jobs;
    if (made !== undefined && job === 'FAILED') fixture.cluster.end(made, 'FAILED', 1);
  }
  await fixture.deps.journal.write({
    task,
    queue: OWN_QUEUE,
    queueName: 'own',
    step,
    stepAt: NOW,
    attempts: 1,
    attempt: attempt(1),
    told: {},
    ...more,
  });
  return task;
}

/** Returns the task's step after one pass, and how many jobs it has. */
async function finishOnce(fixture: StepFixture, task: TaskId): Promise<string> {
  await finishInterruptedSteps(fixture.deps, fixture.pool, await fixture.poll(), go);
  await fixture.pool.finish();
  const entry = fixture.deps.journal.entries.get(task);
  const jobs = fixture.cluster.jobs.length;
  return `${entry === undefined ? 'forgotten' : `${entry.step}${entry.jobId === undefined ? '' : ` job ${entry.jobId}`}`}, ${jobs} jobs`;
}

const LONG_AGO = { stepAt: NOW - 3_600_000 };

const FORGOTTEN = 'forgotten, 0 jobs';
const TRACKED = 'following job 1, 1 jobs';
const HANDED_OVER = 'following, 0 jobs';
const UNKNOWN = 'submitting, 0 jobs';
const ORPHAN = 'orphaned, 0 jobs';

const OUTCOMES = {
  [FORGOTTEN]: 'forgets the task and submits no job',
  [TRACKED]: 'tracks exactly one job of the task',
  [HANDED_OVER]: 'submits no job and leaves the task to the decision table',
  [UNKNOWN]: 'submits no job and waits for an earlier submission',
  [ORPHAN]: 'submits no job and treats the task as an orphan',
};

const ROWS: readonly [
  title: string,
  step: Entry['step'],
  found: Found,
  more: Partial<Entry>,
  becomes: keyof typeof OUTCOMES,
][] = [
  ['the pop never happened', 'claiming', { place: 'own' }, {}, FORGOTTEN],
  ['this daemon or a peer removed the task from its queue (C-02)', 'claiming', { place: 'nowhere' }, {}, FORGOTTEN],
  ['another daemon parked the task', 'claiming', { place: 'parked' }, {}, FORGOTTEN],
  ['the task was not parked yet', 'parking', { place: 'nowhere' }, {}, TRACKED],
  ['the task was parked', 'parking', { place: 'parked' }, {}, TRACKED],
  ['the user enqueued the task again', 'parking', { place: 'own' }, {}, ORPHAN],
  ['the task already has a live job', 'parking', { place: 'parked', job: 'PENDING' }, {}, TRACKED],
  ['sbatch had submitted the job (S-02)', 'submitting', { place: 'parked', job: 'PENDING' }, {}, TRACKED],
  ['sbatch had submitted the job and the job has ended', 'submitting', { place: 'parked', job: 'FAILED' }, {}, TRACKED],
  ["sbatch's request may still arrive", 'submitting', { place: 'parked' }, {}, UNKNOWN],
  [
    "sbatch's request is younger than twice the message timeout",
    'submitting',
    { place: 'parked' },
    { stepAt: NOW - 20_000 },
    UNKNOWN,
  ],
  [
    "sbatch's request is older than twice the message timeout",
    'submitting',
    { place: 'parked' },
    { stepAt: NOW - 25_000 },
    TRACKED,
  ],
  ['sbatch had submitted no job', 'submitting', { place: 'parked' }, LONG_AGO, TRACKED],
  ['the task is no longer parked', 'submitting', { place: 'nowhere' }, LONG_AGO, HANDED_OVER],
  ['five attempts submitted no job', 'submitting', { place: 'parked' }, { ...LONG_AGO, attempts: 5 }, HANDED_OVER],
  ['another daemon may have claimed the task', 'orphaned', { place: 'nowhere' }, {}, ORPHAN],
  ['no daemon has claimed the task', 'orphaned', { place: 'nowhere' }, LONG_AGO, FORGOTTEN],
  ['another daemon parked the task', 'orphaned', { place: 'parked' }, LONG_AGO, FORGOTTEN],
];

describe('after a crash, the daemon', () => {
  it("records that the task's entry in the scheduler queue may have been removed", async () => {
    const fixture = createStepFixture();
    const task = await leave(fixture, 'parking', { place: 'parked' }, { attempts: 0 });

    await finishOnce(fixture, task);
    expect(fixture.deps.journal.entries.get(task)).to.include({ step: 'following', attempts: 1, mayBeUnparked: true });
  });

  for (const [title, step, found, more, becomes] of ROWS) {
    const [, condition = '', number = ''] = /^(.*?)( \([A-Z]-\d\d\))?$/.exec(title) ?? [];
    it(`finishes the step "${step}": if ${condition}, it ${OUTCOMES[becomes]}${number}`, async () => {
      const fixture = createStepFixture();
      const task = await leave(fixture, step, found, more);

      expect(await finishOnce(fixture, task)).to.equal(becomes);
    });
  }

  it('returns an orphan to its queue', async () => {
    const fixture = createStepFixture();
    await finishOnce(fixture, await leave(fixture, 'orphaned', { place: 'nowhere' }, LONG_AGO));

    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1]);
  });

  it('does not submit a task that the user aborted', async () => {
    for (const step of ['claiming', 'parking'] as const) {
      const fixture = createStepFixture();
      const task = await leave(fixture, step, { place: 'nowhere' });
      await fixture.server.call('tasks.stop', { task });

      expect(await finishOnce(fixture, task)).to.equal(FORGOTTEN);
    }
  });

  it('tracks a job of an earlier attempt without a message in the console', async () => {
    const fixture = createStepFixture();
    const task = await leave(fixture, 'submitting', { place: 'parked', job: 'PENDING' }, { attempt: attempt(2) });

    expect(await finishOnce(fixture, task)).to.equal(TRACKED);
    expect(fixture.consoleOf(task)).to.deep.equal([]);
    expect(fixture.deps.journal.entries.get(task)).to.include({ attempt: attempt(1), mayBeUnparked: true });
  });

  it('tracks a task with a job, and returns a task without a job to its queue, even if the queue is no longer served', async () => {
    for (const step of ['claiming', 'parking'] as const) {
      const fixture = createStepFixture({ queues: [] });
      const task = await leave(fixture, step, { place: 'nowhere' });

      expect(await finishOnce(fixture, task)).to.equal(FORGOTTEN);
      expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1]);
    }
    const fixture = createStepFixture({ queues: [] });
    const task = await leave(fixture, 'submitting', { place: 'parked', job: 'PENDING' });
    expect(await finishOnce(fixture, task)).to.equal(TRACKED);
  });

  it('returns a parked task that needs a new job to its queue if the queue is no longer served', async () => {
    const fixture = createStepFixture({ queues: [] });
    const task = await leave(fixture, 'submitting', { place: 'parked' }, LONG_AGO);

    expect(await finishOnce(fixture, task)).to.equal(FORGOTTEN);
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1]);
    expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([]);
  });

  it('waits, and logs why, while accounting does not respond', async () => {
    const fixture = createStepFixture();
    const task = await leave(fixture, 'submitting', { place: 'parked' }, LONG_AGO);
    fixture.fate = ({ endpoint }) => (endpoint === 'look up' ? 'not made' : undefined);

    expect(await finishInterruptedSteps(fixture.deps, fixture.pool, await fixture.poll(), go)).to.equal(false);

    expect(fixture.cluster.jobs).to.deep.equal([]);
    expect(fixture.deps.journal.entries.get(task)).to.include({ step: 'submitting' });
    const sentence = 'warn: Job lookup failed; submission outcome still unknown';
    expect(fixture.logged).to.deep.equal([sentence]);
    expect(fixture.facts.get(sentence)).to.deep.equal({ task, slurm: 'squeue: error: Socket timed out' });
  });

  it('looks up jobs that were submitted since the first attempt', async () => {
    for (const [more, since] of [
      [LONG_AGO, LONG_AGO.stepAt],
      [{ ...LONG_AGO, firstAttemptAt: 5_000 }, 5_000],
    ] as const) {
      const asked: unknown[] = [];
      const { deps } = createStepFixture();
      const fixture = createStepFixture({
        scheduler: {
          ...deps.scheduler,
          lookUp: (names, from) => {
            asked.push(names, from);
            return Promise.resolve({ kind: 'failed', message: '' });
          },
        },
      });
      const task = await leave(fixture, 'submitting', { place: 'parked' }, more);
      await finishOnce(fixture, task);

      expect(asked).to.deep.equal([[formatJobName(task, attempt(1))], since]);
    }
  });

  it('reports the number of a later attempt, and why it was needed', async () => {
    const fixture = createStepFixture();
    const task = await leave(fixture, 'submitting', { place: 'parked' }, LONG_AGO);
    await finishOnce(fixture, task);

    expect(fixture.consoleOf(task)).to.deep.equal([
      'Submitted as Slurm job 1 to cluster "c1" (attempt 2), because the last sbatch submitted no job.',
    ]);
  });

  it('does not change a task that another daemon claimed', async () => {
    for (const [step, place] of [
      ['claiming', 'own'],
      ['claiming', 'parked'],
      ['orphaned', 'parked'],
    ] as const) {
      const fixture = createStepFixture();
      const task = await leave(fixture, step, { place }, LONG_AGO);
      const before = await fixture.read(task);
      await finishOnce(fixture, task);

      expect(await fixture.read(task), `${step}, ${place}`).to.deep.equal(before);
    }
  });

  it('submits no job for a deleted task that still has an entry in the scheduler queue', async () => {
    const fixture = createStepFixture();
    const task = await leave(fixture, 'submitting', { place: 'parked' }, LONG_AGO);
    fixture.server.store.tasks.delete(task);

    expect(await finishOnce(fixture, task)).to.equal(HANDED_OVER);
  });

  it('changes nothing if a user enqueued the task again in a queue that is no longer served', async () => {
    const fixture = createStepFixture({ queues: [] });
    const task = await leave(fixture, 'parking', { place: 'nowhere' }, { queuedAt: 1 });

    expect(await finishOnce(fixture, task)).to.equal(ORPHAN);
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([]);
    expect(fixture.consoleOf(task)).to.deep.equal([]);
  });

  it('returns a task to the queue from which the task was claimed, whatever queues are served now', async () => {
    const { deps } = createStepFixture();
    const fixture = createStepFixture({
      queues: deps.queues.map((queue) => ({ ...queue, id: OTHER_QUEUE, name: 'other' })),
    });
    const task = await leave(fixture, 'parking', { place: 'nowhere' });

    expect(await finishOnce(fixture, task)).to.equal(FORGOTTEN);
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1]);
    expect(fixture.consoleOf(task)).to.deep.equal([
      'Returned to the front of queue "own": the daemon that claimed it no longer serves the queue.',
    ]);
  });

  for (const [title, step, found, more, isSettled] of [
    ['the task is tracked', 'following', { place: 'parked' }, {}, true],
    ['the task was not popped', 'claiming', { place: 'own' }, {}, true],
    ['it finds a job', 'submitting', { place: 'parked', job: 'PENDING' }, {}, true],
    ['it finds an ended job', 'submitting', { place: 'parked', job: 'FAILED' }, {}, true],
    ['a job may still appear', 'submitting', { place: 'parked' }, {}, false],
    ['it submits a new attempt', 'submitting', { place: 'parked' }, LONG_AGO, true],
    ['the decision table handles the task', 'submitting', { place: 'nowhere' }, LONG_AGO, true],
    ['a user enqueued the task again', 'parking', { place: 'own' }, {}, true],
    ['another daemon may have claimed the orphan', 'orphaned', { place: 'nowhere' }, {}, true],
  ] as const) {
    it(`needs ${isSettled ? 'no further poll' : 'a further poll'} soon if ${title}`, async () => {
      const fixture = createStepFixture();
      await leave(fixture, step, found, more);

      expect(await finishInterruptedSteps(fixture.deps, fixture.pool, await fixture.poll(), go)).to.equal(isSettled);
      await fixture.pool.finish();
    });
  }

  it('needs no further poll soon if it returns the task to its queue', async () => {
    const fixture = createStepFixture({ queues: [] });
    await leave(fixture, 'parking', { place: 'parked' });

    expect(await finishInterruptedSteps(fixture.deps, fixture.pool, await fixture.poll(), go)).to.equal(true);
  });

  it('does not change a tracked task', async () => {
    const fixture = createStepFixture();
    const task = await leave(fixture, 'following', { place: 'parked', job: 'PENDING' });
    const before = fixture.deps.journal.entries.get(task);

    expect(await finishOnce(fixture, task)).to.equal('following, 1 jobs');
    expect(fixture.deps.journal.entries.get(task)).to.deep.equal(before);
  });

  it("finds a job by name, and reports the job in the task's console only if sbatch's response was lost", async () => {
    for (const [step, lines] of [
      ['submitting', ['Submitted as Slurm job 1 to cluster "c1".']],
      ['parking', []],
    ] as const) {
      const fixture = createStepFixture();
      const task = await leave(fixture, step, { place: 'parked', job: 'PENDING' });
      await finishOnce(fixture, task);

      expect(fixture.consoleOf(task)).to.deep.equal(lines);
      expect(fixture.deps.journal.entries.get(task)).to.include({ attempt: attempt(1) });
      expect(fixture.facts.get('info: Found the job by name')).to.deep.equal({ task, job: '1', queue: 'own' });
    }
  });

  it('submits no job for a parked task that was aborted', async () => {
    const fixture = createStepFixture();
    const task = await leave(fixture, 'submitting', { place: 'parked' }, LONG_AGO);
    await fixture.server.call('tasks.stop', { task });

    expect(await finishOnce(fixture, task)).to.equal(HANDED_OVER);
  });

  it('does not park a parked task again, because its job may have removed the entry', async () => {
    const fixture = createStepFixture();
    const task = await leave(fixture, 'parking', { place: 'parked' });
    const calls = fixture.calls.length;
    await finishOnce(fixture, task);

    expect(fixture.calls.slice(calls).filter((label) => label.startsWith('queues.add_task'))).to.deep.equal([]);
  });

  it('returns a task to its queue, and reports why, if the scheduler queue was deleted', async () => {
    const fixture = createStepFixture();
    const task = await leave(fixture, 'parking', { place: 'nowhere' });
    await fixture.server.call('queues.delete', { queue: SCHEDULER_QUEUE });

    expect(await finishOnce(fixture, task)).to.equal(FORGOTTEN);
    expect(fixture.consoleOf(task)).to.deep.equal([
      'Returned to the front of queue "own": the scheduler queue was deleted.',
    ]);
  });
});
