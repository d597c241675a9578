// Slurm's records of many ended jobs: a pass spends seconds on them, each task gets its turn, and accounting is queried once for many.
import { expect } from 'chai';
import {
  createRecordDecisions,
  type ActWithRecord,
  type RecordDecisions,
} from '../../../src/daemon/reconcile/decide-with-records.ts';
import type { DaemonDeps } from '../../../src/daemon/deps.ts';
import type { EndDetails, JobId, JobKey, JobRecord } from '../../../src/slurm/scheduler.ts';
import { JOB_EXIT_CODES } from '../../../src/sbatch-template/job-script/job-exit-codes.ts';
import { actionNames, entryOf, GRACES, jobOf, NOW, observation, recordOf, taskOf } from '../decide/observations.ts';
import { createStepFixture, taskNumber } from '../step-fixture.ts';

const { signal } = new AbortController();

interface Bed {
  /** Decides about this many tasks, each with an ended job, and returns which had their turn. */
  readonly pass: () => Promise<{ readonly tasks: number[]; readonly areAllDone: boolean }>;
  /** The jobs of each query of accounting. */
  readonly queries: (readonly JobKey[])[];
  readonly records: (JobRecord | undefined)[];
}

function createBed(
  count: number,
  { recordMs = 0, details = {} }: { recordMs?: number; details?: Partial<EndDetails> },
): Bed {
  const fixture = createStepFixture();
  const queries: (readonly JobKey[])[] = [];
  const records: (JobRecord | undefined)[] = [];
  const { scheduler, journal } = fixture.deps;
  const name = jobOf('CANCELLED').name;
  const deps: DaemonDeps = {
    ...fixture.deps,
    scheduler: {
      ...scheduler,
      record() {
        fixture.clock.pass(recordMs);
        return Promise.resolve(recordOf({ name, stateWord: 'CANCELLED' }));
      },
      endDetails(jobs) {
        queries.push(jobs);
        const its = { memoryLimit: undefined, peakMemory: undefined, cancelledBy: undefined, ...details };
        return Promise.resolve(new Map(jobs.map(({ id }) => [id, its])));
      },
    },
  };
  const decisions: RecordDecisions = createRecordDecisions(deps);

  return {
    queries,
    records,
    async pass() {
      const tasks: number[] = [];
      const requests = [];
      for (let n = 1; n <= count; n += 1) {
        const entry = journal.entries.get(taskNumber(n)) ?? entryOf({ task: taskNumber(n), jobId: String(n) as JobId });
        await journal.write(entry);
        const jobs = [jobOf('CANCELLED', { id: String(n) as JobId })];
        const current = journal.entries.get(entry.task) ?? entry;
        requests.push({ observation: observation({ entry: current, jobs }), jobId: String(n) as JobId });
      }
      const act = (
        { entry }: { entry: { task: string } },
        _: unknown,
        record: JobRecord | undefined,
      ): Promise<void> => {
        tasks.push(Number(entry.task));
        records.push(record);
        return Promise.resolve();
      };
      const areAllDone = await decisions.decide(requests, act, signal);
      return { tasks: tasks.toSorted((a, b) => a - b), areAllDone };
    },
  };
}

describe('if many jobs have ended, a pass', () => {
  it('makes one accounting query for all ended jobs, and uses the result for each task', async () => {
    const { pass, queries, records } = createBed(40, { details: { cancelledBy: 'root (uid 0)' } });

    expect(await pass()).to.include({ areAllDone: true });
    expect(queries.map((jobs) => jobs.length)).to.deep.equal([40]);
    expect(records.map((record) => record?.cancelledBy)).to.deep.equal(
      Array.from({ length: 40 }, () => 'root (uid 0)'),
    );
  });

  it('decides about only some tasks while Slurm is slow, and leaves the others to the next passes (S-67)', async () => {
    const { pass } = createBed(100, { recordMs: 400 });
    const seen = new Set<number>();
    for (let passes = 0; seen.size < 100 && passes < 10; passes += 1) {
      const { tasks, areAllDone } = await pass();
      expect(areAllDone).to.equal(false);
      expect(tasks.length).to.be.within(20, 40);
      const fresh = tasks.filter((task) => !seen.has(task));
      expect(fresh).to.have.length(Math.min(tasks.length, 100 - seen.size));
      for (const task of tasks) seen.add(task);
    }
    expect(seen).to.have.property('size', 100);
  });

  it('decides about one task even if reading one record takes longer than a pass may take', async () => {
    const { pass } = createBed(3, { recordMs: 90_000 });
    const passes = [await pass(), await pass(), await pass()];
    expect(passes.map(({ tasks }) => tasks)).to.deep.equal([[1], [2], [3]]);
  });
});

describe('if the tracked job found the gate closed, a pass', () => {
  it('decides by the record of the second job of the same sbatch', async () => {
    const fixture = createStepFixture();
    const read: JobId[] = [];
    const { gateClosed } = JOB_EXIT_CODES;
    const records = createRecordDecisions({
      ...fixture.deps,
      scheduler: {
        ...fixture.deps.scheduler,
        record(id) {
          read.push(id);
          return Promise.resolve(recordOf({ exitCode: gateClosed.code, restarts: id === '8' ? 1 : 0 }));
        },
      },
    });
    const entry = entryOf({});
    await fixture.deps.journal.write(entry);
    const seen = observation({
      entry,
      jobs: [jobOf('FAILED'), jobOf('FAILED', { id: '8' as JobId })],
      task: taskOf('in_progress', { lastWorker: undefined, lastUpdate: NOW - GRACES.absentMs }),
    });
    const done: string[][] = [];
    const act: ActWithRecord = (_, actions, record) => {
      done.push([...actionNames(actions), `restarts ${record?.restarts ?? ''}`]);
      return Promise.resolve();
    };

    const areAllDone = await records.decide([{ observation: seen, jobId: '7' as JobId }], act, signal);

    expect({ areAllDone, read, done }).to.deep.equal({
      areAllDone: true,
      read: ['7', '8'],
      done: [['note', 'park-again', 'resubmit', 'restarts 1']],
    });
  });
});
