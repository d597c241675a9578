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
  [FORGOTTEN]: 'forgets the task',
  [TRACKED]: 'tracks exactly one job of the task',
  [HANDED_OVER]: 'leaves the decision to the next pass',
  [UNKNOWN]: 'waits for the job of the interrupted sbatch',
  [ORPHAN]: 'treats the task as an orphan',
};

const ROWS: readonly [
  title: string,
  step: Entry['step'],
  found: Found,
  more: Partial<Entry>,
  becomes: keyof typeof OUTCOMES,
][] = [
  ['the task is still in its queue', 'claiming', { place: 'own' }, {}, FORGOTTEN],
  ['no queue contains the task (C-02)', 'claiming', { place: 'nowhere' }, {}, FORGOTTEN],
  ['the task is parked', 'claiming', { place: 'parked' }, {}, FORGOTTEN],
  ['no queue contains the task', 'parking', { place: 'nowhere' }, {}, TRACKED],
  ['the task is parked', 'parking', { place: 'parked' }, {}, TRACKED],
  ['a user has enqueued the task again', 'parking', { place: 'own' }, {}, ORPHAN],
  ['the task already has a live job', 'parking', { place: 'parked', job: 'PENDING' }, {}, TRACKED],
  ['the job is pending (S-02)', 'submitting', { place: 'parked', job: 'PENDING' }, {}, TRACKED],
  ['the job has already ended', 'submitting', { place: 'parked', job: 'FAILED' }, {}, TRACKED],
  ['the request of sbatch may still reach Slurm', 'submitting', { place: 'parked' }, {}, UNKNOWN],
  ['sbatch began 20 s ago', 'submitting', { place: 'parked' }, { stepAt: NOW - 20_000 }, UNKNOWN],
  ['sbatch has created no job within 25 s', 'submitting', { place: 'parked' }, { stepAt: NOW - 25_000 }, TRACKED],
  ['an old sbatch has created no job', 'submitting', { place: 'parked' }, LONG_AGO, TRACKED],
  ['the task is no longer parked', 'submitting', { place: 'nowhere' }, LONG_AGO, HANDED_OVER],
  [
    'the sbatch of the fifth attempt created no job',
    'submitting',
    { place: 'parked' },
    { ...LONG_AGO, attempts: 5 },
    TRACKED,
  ],
  ['another daemon may have claimed the task', 'orphaned', { place: 'nowhere' }, {}, ORPHAN],
  ['the task has long been in no queue', 'orphaned', { place: 'nowhere' }, LONG_AGO, FORGOTTEN],
  ['the task is parked', 'orphaned', { place: 'parked' }, LONG_AGO, FORGOTTEN],
];

describe('after a crash, the daemon', () => {
  it('records that a job may have removed the queue entry of a task if the journal says "parking"', async () => {
    const fixture = createStepFixture();
    const task = await leave(fixture, 'parking', { place: 'parked' }, { attempts: 0 });

    await finishOnce(fixture, task);
    expect(fixture.deps.journal.entries.get(task)).to.include({ step: 'following', attempts: 1, mayBeUnparked: true });
  });

  for (const [title, step, found, more, becomes] of ROWS) {
    const [, condition = '', number = ''] = /^(.*?)( \([A-Z]-\d\d\))?$/.exec(title) ?? [];
    it(`${OUTCOMES[becomes]} if the journal says "${step}" and ${condition}${number}`, async () => {
      const fixture = createStepFixture();
      const task = await leave(fixture, step, found, more);

      expect(await finishOnce(fixture, task)).to.equal(becomes);
    });
  }

  for (const [step, place, before, after] of [
    ['submitting', 'parked', UNKNOWN, TRACKED],
    ['orphaned', 'nowhere', ORPHAN, FORGOTTEN],
  ] as const)
    it(`finishes the step "${step}" after one more grace period if the clock was set back by three hours`, async () => {
      const fixture = createStepFixture();
      const task = await leave(fixture, step, { place }, { stepAt: NOW + 3 * 3_600_000 });

      expect(await finishOnce(fixture, task)).to.equal(before);
      fixture.clock.pass(fixture.deps.adoptAfterMs + 1);
      expect(await finishOnce(fixture, task)).to.equal(after);
    });

  it('tracks a job of an earlier attempt, and writes nothing to the console', async () => {
    const fixture = createStepFixture();
    const task = await leave(fixture, 'submitting', { place: 'parked', job: 'PENDING' }, { attempt: attempt(2) });

    expect(await finishOnce(fixture, task)).to.equal(TRACKED);
    expect(fixture.consoleOf(task)).to.deep.equal([]);
    expect(fixture.deps.journal.entries.get(task)).to.include({ attempt: attempt(1), mayBeUnparked: true });
  });

  it('waits, and logs a warning, while the look-up of jobs fails', async () => {
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

  it('does not count an attempt whose sbatch created no job', async () => {
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
    ['the task is still in its queue', 'claiming', { place: 'own' }, {}, true],
    ['the task has a pending job', 'submitting', { place: 'parked', job: 'PENDING' }, {}, true],
    ['the task has an ended job', 'submitting', { place: 'parked', job: 'FAILED' }, {}, true],
    ['a job may still appear', 'submitting', { place: 'parked' }, {}, false],
    ['a new attempt begins', 'submitting', { place: 'parked' }, LONG_AGO, true],
    ['the task is no longer parked', 'submitting', { place: 'nowhere' }, LONG_AGO, true],
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

  it('waits for the next regular poll if the task returns to its queue', async () => {
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

  it('writes the job id to the console only if the response of sbatch was lost', async () => {
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

  it('does not park a parked task a second time', async () => {
    const fixture = createStepFixture();
    const task = await leave(fixture, 'parking', { place: 'parked' });
    const calls = fixture.calls.length;
    await finishOnce(fixture, task);

    expect(fixture.calls.slice(calls).filter((label) => label.startsWith('queues.add_task'))).to.deep.equal([]);
  });
});
