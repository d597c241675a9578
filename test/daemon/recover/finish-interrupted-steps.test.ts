// Tests how each step is finished after a crash, for each state that may be found outside.
import { expect } from 'chai';
import type { Entry } from '../../../src/daemon/journal/entry.ts';
import { finishInterruptedSteps } from '../../../src/daemon/recover/finish-interrupted-steps.ts';
import { formatJobName } from '../../../src/slurm/job-name.ts';
import { attempt, NOW } from '../decide/observations.ts';
import { createStepFixture } from '../step-fixture.ts';
import {
  finishOnce,
  FORGOTTEN,
  go,
  HANDED_OVER,
  leave,
  LONG_AGO,
  ORPHAN,
  TRACKED,
  UNKNOWN,
  type Found,
} from './interrupted-step.ts';

const OUTCOMES = {
  [FORGOTTEN]: 'forgets the task, and submits no job',
  [TRACKED]: 'tracks exactly one job of the task',
  [HANDED_OVER]: 'submits no job and leaves the decision to the next pass',
  [UNKNOWN]: 'submits no job and waits for the job of the earlier submission',
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
  ['this daemon or a peer has removed the task from its queue (C-02)', 'claiming', { place: 'nowhere' }, {}, FORGOTTEN],
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
  ['the fifth attempt submitted no job', 'submitting', { place: 'parked' }, { ...LONG_AGO, attempts: 5 }, TRACKED],
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

  for (const [step, place, before, after] of [
    ['submitting', 'parked', UNKNOWN, TRACKED],
    ['orphaned', 'nowhere', ORPHAN, FORGOTTEN],
  ] as const)
    it(`finishes the step "${step}" after the usual wait if the clock was set back by three hours`, async () => {
      const fixture = createStepFixture();
      const task = await leave(fixture, step, { place }, { stepAt: NOW + 3 * 3_600_000 });

      expect(await finishOnce(fixture, task)).to.equal(before);
      fixture.clock.pass(fixture.deps.adoptAfterMs + 1);
      expect(await finishOnce(fixture, task)).to.equal(after);
    });

  it('tracks a job of an earlier attempt without a message in the console', async () => {
    const fixture = createStepFixture();
    const task = await leave(fixture, 'submitting', { place: 'parked', job: 'PENDING' }, { attempt: attempt(2) });

    expect(await finishOnce(fixture, task)).to.equal(TRACKED);
    expect(fixture.consoleOf(task)).to.deep.equal([]);
    expect(fixture.deps.journal.entries.get(task)).to.include({ attempt: attempt(1), mayBeUnparked: true });
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

  it('does not count an attempt whose sbatch created no job, and reports why it submits the task again', async () => {
    const fixture = createStepFixture();
    const task = await leave(fixture, 'submitting', { place: 'parked' }, LONG_AGO);
    await finishOnce(fixture, task);

    expect(fixture.consoleOf(task)).to.deep.equal([
      'Submitted again as Slurm job 1 to cluster "c1": the last sbatch for this task created no job.',
    ]);
    expect(fixture.deps.journal.entries.get(task)).to.include({ attempts: 1, mayBeUnparked: true });
  });

  for (const [title, step, found, more, isSettled] of [
    ['the task is tracked', 'following', { place: 'parked' }, {}, true],
    ['the task was not popped', 'claiming', { place: 'own' }, {}, true],
    ['it finds a job', 'submitting', { place: 'parked', job: 'PENDING' }, {}, true],
    ['it finds an ended job', 'submitting', { place: 'parked', job: 'FAILED' }, {}, true],
    ['a job may still appear', 'submitting', { place: 'parked' }, {}, false],
    ['it submits a new attempt', 'submitting', { place: 'parked' }, LONG_AGO, true],
    ['the next pass decides what to do with the task', 'submitting', { place: 'nowhere' }, LONG_AGO, true],
    ['a user enqueued the task again', 'parking', { place: 'own' }, {}, true],
    ['another daemon may have claimed the orphan', 'orphaned', { place: 'nowhere' }, {}, true],
  ] as const) {
    it(`${isSettled ? 'waits for the next regular poll' : 'polls again soon'} if ${title}`, async () => {
      const fixture = createStepFixture();
      await leave(fixture, step, found, more);

      expect(await finishInterruptedSteps(fixture.deps, fixture.pool, await fixture.poll(), go)).to.equal(isSettled);
      await fixture.pool.finish();
    });
  }

  it('waits for the next regular poll if it returns the task to its queue', async () => {
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

  it('does not park a parked task again, because its job may have removed the entry', async () => {
    const fixture = createStepFixture();
    const task = await leave(fixture, 'parking', { place: 'parked' });
    const calls = fixture.calls.length;
    await finishOnce(fixture, task);

    expect(fixture.calls.slice(calls).filter((label) => label.startsWith('queues.add_task'))).to.deep.equal([]);
  });
});
