// Tests that the history gets the figures of accounting when the database has them, and never stops a pass.
import { expect } from 'chai';
import { createFiguresReader, type FiguresReader } from '../../../src/daemon/end/add-accounting-figures.ts';
import { attemptKey, type EndedAttempt } from '../../../src/history/ended-attempt.ts';
import { SlurmUnavailableError } from '../../../src/slurm/errors.ts';
import type { JobFigures, JobId, JobKey } from '../../../src/slurm/scheduler.ts';
import { ATTEMPT } from '../../history/attempts.ts';
import { createMemoryHistory, type MemoryHistory } from '../../support/memory-history.ts';
import { createStepFixture, taskNumber, type StepFixture } from '../step-fixture.ts';

const FIGURES: JobFigures = {
  user: 'ada',
  account: 'lab-a',
  partition: 'gpu',
  stateWord: 'COMPLETED',
  submittedAt: 1_000,
  startedAt: 2_000,
  endedAt: 3_602_000,
  elapsedSec: 3_600,
  waitSec: 1,
  nodeSec: 3_600,
  cpuSec: 57_600,
  gpuSec: undefined,
  usedCpuSec: 57_000,
  timeLimitSec: 7_200,
  cpus: 16,
  memoryMb: 65_536,
  usedMemoryMb: 1_024,
};

describe('after the end of a job, the daemon', () => {
  let history: MemoryHistory;
  let fixture: StepFixture;
  let asked: (readonly JobKey[])[];
  let known: Map<JobId, JobFigures>;
  let failure: Error | undefined;
  let reader: FiguresReader;

  beforeEach(() => {
    history = createMemoryHistory();
    const made = createStepFixture({ history });
    asked = [];
    known = new Map();
    failure = undefined;
    const scheduler = {
      ...made.deps.scheduler,
      figures: (jobs: readonly JobKey[]) => {
        asked.push(jobs);
        return failure === undefined ? Promise.resolve(known) : Promise.reject(failure);
      },
    };
    fixture = { ...made, deps: { ...made.deps, scheduler } };
    reader = createFiguresReader(fixture.deps, new AbortController().signal);
  });

  async function ended(overrides: Partial<EndedAttempt> = {}, number = 1): Promise<EndedAttempt> {
    const task = await fixture.enqueued(number);
    const { attempt, job, cluster, queue, cause } = ATTEMPT;
    const one = { task, attempt, job, cluster, queue, cause, recordedAt: fixture.clock.now(), ...overrides };
    await history.record(one);
    return one;
  }

  async function after(ms: number): Promise<void> {
    fixture.clock.pass(ms);
    reader.start();
    await reader.finish();
  }

  it('waits some seconds, and then makes one accounting query for all ended jobs', async () => {
    const one = await ended();
    await ended({ job: '2' }, 2);
    await after(1_000);
    expect(asked).to.deep.equal([]);

    await after(10_000);
    expect(asked.map((jobs) => jobs.map(({ id, name }) => [id, name]))).to.deep.equal([
      [
        ['4711', `clearml_task_${one.task}-${ATTEMPT.attempt}`],
        ['2', `clearml_task_${taskNumber(2)}-${ATTEMPT.attempt}`],
      ],
    ]);
  });

  it("adds the job's accounting figures to its history record", async () => {
    const one = await ended({ project: 'vision' });
    known.set('4711' as JobId, FIGURES);
    await after(10_000);

    const { user, stateWord, gpuSec, ...figures } = FIGURES;
    expect(gpuSec).to.equal(undefined);
    expect(history.attempts.get(attemptKey(one))).to.deep.equal({
      ...one,
      ...figures,
      unixUser: user,
      state: stateWord,
    });
    expect(history.unaccounted.size).to.equal(0);
  });

  it('writes to the console only once that the job used 1 of 64 GB of memory', async () => {
    const one = await ended();
    known.set('4711' as JobId, FIGURES);
    await after(10_000);
    await after(10_000);

    expect(fixture.consoleOf(taskNumber(1))).to.deep.equal([
      'Slurm job 4711 used 1 of 64 GB of memory. Lower --mem: a smaller job usually starts sooner.',
    ]);
    expect(one.task).to.equal(taskNumber(1));
  });

  it('repeats the accounting query for at most a day while accounting has no figures', async () => {
    await ended();
    for (const ms of [10_000, 10_000, 10_000, 20_000]) await after(ms);
    expect(asked).to.have.length(2);

    await after(24 * 3_600_000);
    expect(asked).to.have.length(2);
    expect(history.unaccounted.size).to.equal(0);
  });

  it('repeats an accounting query that failed because the database was down', async () => {
    const one = await ended();
    failure = new SlurmUnavailableError('sacct: error: Connection refused');
    await after(10_000);
    expect(fixture.logged).to.deep.equal([
      'warn: Could not read the usage of ended jobs from accounting; retrying later',
    ]);

    failure = undefined;
    known.set('4711' as JobId, FIGURES);
    await after(20_000);
    expect(history.attempts.get(attemptKey(one))?.cpuSec).to.equal(57_600);
  });

  it('makes no second accounting query in a pass after the first query has failed', async () => {
    for (const number of Array.from({ length: 201 }, (_, index) => index + 1))
      await ended({ job: String(number) }, number);
    failure = new SlurmUnavailableError('sacct: error: Connection refused');
    await after(10_000);
    expect(asked).to.have.length(1);
  });

  it('makes only one accounting query for a job even if the job has no CPU time', async () => {
    await ended();
    known.set('4711' as JobId, { ...FIGURES, cpuSec: undefined });
    const scheduler = {
      ...fixture.deps.scheduler,
      figures: (jobs: readonly JobKey[]) => {
        asked.push(jobs);
        return asked.length > 1 ? Promise.reject(new Error('asked again')) : Promise.resolve(known);
      },
    };
    reader = createFiguresReader({ ...fixture.deps, scheduler }, new AbortController().signal);

    await after(10_000);
    await after(10_000);

    expect(asked).to.have.length(1);
    expect(fixture.consoleOf(taskNumber(1))).to.have.length(1);
    expect(history.unaccounted.size).to.equal(0);
  });

  it('makes no accounting query on a cluster without accounting', async () => {
    const cluster = { ...fixture.deps.cluster, hasAccounting: false };
    reader = createFiguresReader({ ...fixture.deps, cluster }, new AbortController().signal);
    await ended();
    await after(10_000);
    expect(asked).to.deep.equal([]);
  });
});
