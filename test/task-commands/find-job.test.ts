// The job that `logs` shows: a job id from ClearML must be one of our jobs, whatever its name.
import { expect } from 'chai';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TaskId } from '../../src/clearml/ids.ts';
import { openJournal } from '../../src/daemon/journal/journal.ts';
import { findJob } from '../../src/task-commands/print-job-log.ts';
import type { JobId, JobRecord, RecordOptions } from '../../src/slurm/scheduler.ts';
import { entryOf, NOW } from '../daemon/decide/observations.ts';

const TASK = 'a'.repeat(32) as TaskId;
const RECORD: JobRecord = {
  name: `clearml_task_${TASK}-mwudl4rwabcd`,
  stateWord: 'RUNNING',
  exitCode: 0,
  exitSignal: undefined,
  userId: 1000,
  isOthers: false,
  outputPath: '/logs/7.out',
  nodes: 'n1',
  timeLimit: undefined,
  reason: undefined,
  restarts: 0,
};

describe('findJob with a job id from ClearML', () => {
  for (const [what, record, isFound] of [
    ['a job of the task', RECORD, true],
    ["a job of another Unix user with the task's job name", { ...RECORD, userId: 1001, isOthers: true }, false],
    ['a job whose Unix user is unknown', { ...RECORD, userId: undefined, isOthers: true }, false],
    ['a job of another task', { ...RECORD, name: RECORD.name.replace('task_a', 'task_b') }, false],
  ] as const) {
    it(`${isFound ? 'returns' : 'ignores'} ${what}`, async () => {
      const scheduler = {
        list: () => Promise.resolve({ kind: 'listed', jobs: [] } as const),
        record: (id: JobId) => Promise.resolve(id === '7' ? record : undefined),
      };
      const found = await findJob({ scheduler, stateDir: '/nowhere' }, TASK, () => Promise.resolve('7'));

      expect(found).to.deep.equal(isFound ? { id: '7', record } : undefined);
    });
  }
});

describe('findJob for a task that "execute" submitted', () => {
  let stateDir: string;
  beforeEach(() => {
    stateDir = mkdtempSync(join(tmpdir(), 'find-job-'));
  });
  afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

  it('returns the job together with the mapped user alice', async () => {
    const folder = join(stateDir, 'execute', TASK);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const alice = { name: 'alice', uid: 1001 };
    const journal = await openJournal(folder, NOW);
    await journal.write(entryOf({ task: TASK, jobId: '7' as JobId, unixUser: alice }));
    await journal.close();
    const record = { ...RECORD, userId: 1001 };
    const scheduler = {
      list: () => Promise.resolve({ kind: 'listed', jobs: [] } as const),
      record: (_: JobId, { runAs }: RecordOptions = {}) =>
        Promise.resolve({ ...record, isOthers: runAs?.uid !== record.userId }),
    };

    const found = await findJob({ scheduler, stateDir }, TASK, () => Promise.resolve('7'));

    expect(found).to.deep.equal({ id: '7', record, runAs: alice });
  });
});
