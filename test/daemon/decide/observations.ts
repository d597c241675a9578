// Builds the observation of one task for the tests of the decision table: defaults for everything that the test does not set.
import { expect } from 'chai';
import type { Action, Ending } from '../../../src/daemon/decide/action.ts';
import { decide } from '../../../src/daemon/decide/decide.ts';
import type { Observation } from '../../../src/daemon/decide/observation.ts';
import type { Entry } from '../../../src/daemon/journal/entry.ts';
import type { QueueId, TaskId } from '../../../src/clearml/ids.ts';
import type { Task } from '../../../src/clearml/task.ts';
import { formatJobName } from '../../../src/slurm/job-name.ts';
import { parseJobState } from '../../../src/slurm/job-state.ts';
import type { Job, JobId, JobRecord } from '../../../src/slurm/scheduler.ts';

export const NOW = Date.UTC(2026, 0, 1, 12);
export const GRACES = {
  startMs: 300_000,
  endMs: 60_000,
  stopMs: 120_000,
  abortCallbackMaxMs: 1_800_000,
  absentMs: 600_000,
};
export const TASK = '0123456789abcdef0123456789abcdef' as TaskId;

/** The token of the nth attempt. */
export function attempt(number: number): string {
  return `attempt${number}`;
}

export function jobName(number: number): string {
  return formatJobName(TASK, attempt(number));
}

export function jobOf(word: string, overrides: Partial<Job> = {}): Job {
  return {
    id: '7' as JobId,
    name: jobName(1),
    state: parseJobState(word),
    stateWord: word,
    reason: undefined,
    partition: 'debug',
    nodes: undefined,
    submittedAt: NOW - 60_000,
    startAt: undefined,
    endedAt: undefined,
    ...overrides,
  };
}

export function taskOf(status: Task['status'], overrides: Partial<Task> = {}): Task {
  return {
    id: TASK,
    name: 'a task',
    status,
    statusReason: '',
    statusMessage: '',
    statusChanged: NOW - 30_000,
    started: undefined,
    lastUpdate: NOW - 30_000,
    lastWorker: status === 'in_progress' || status === 'stopped' ? 'login1:slurm:7' : undefined,
    user: undefined,
    executionQueue: 'q'.repeat(32) as QueueId,
    archived: false,
    slurmJob: undefined,
    slurmCluster: undefined,
    slurmCancelled: undefined,
    abortCallbackMs: undefined,
    ...overrides,
  };
}

export function entryOf(overrides: Partial<Entry> = {}): Entry {
  return {
    task: TASK,
    queue: 'q'.repeat(32) as QueueId,
    queueName: 'gpu',
    step: 'following',
    stepAt: NOW - 60_000,
    attempt: attempt(1),
    attempts: 1,
    firstAttemptAt: NOW - 60_000,
    jobId: '7' as JobId,
    told: {},
    ...overrides,
  };
}

export function recordOf(overrides: Partial<JobRecord> = {}): JobRecord {
  return {
    name: jobName(1),
    stateWord: 'FAILED',
    exitCode: 1,
    exitSignal: 0,
    userId: 1000,
    outputPath: '/home/u/slurm-7.out',
    nodes: 'n1',
    timeLimit: '01:00:00',
    reason: undefined,
    restarts: 0,
    ...overrides,
  };
}

export function observation(overrides: Partial<Observation>): Observation {
  return {
    entry: entryOf(),
    jobs: [],
    task: taskOf('queued'),
    place: 'nowhere',
    now: NOW,
    gracePeriods: GRACES,
    ...overrides,
  };
}

/** The action that ends the task; by default its log is not shown. */
export function endTask(
  status: Ending['status'],
  reason: Ending['reason'],
  text: string,
  more: Partial<Ending> = {},
): Action {
  return { do: 'end', ending: { status, reason, text, withLog: false, ...more } };
}

export interface Row {
  readonly title: string;
  readonly seen: Partial<Observation>;
  /** The actions without their texts: `log`, `cancel`, `end failed` … */
  readonly done: readonly string[];
}

export function actionNames(actions: readonly Action[]): string[] {
  return actions.map((action) => (action.do === 'end' ? `end ${action.ending.status}` : action.do));
}

/** Defines one test per row. */
export function describeRows(title: string, rows: readonly Row[]): void {
  describe(title, () => {
    for (const { title: fact, seen, done } of rows) {
      it(fact, () => {
        expect(actionNames(decide(observation(seen)))).to.deep.equal(done);
      });
    }
  });
}

/** The same, with every text and journal update. */
export function describeExactly(
  title: string,
  rows: readonly (readonly [fact: string, seen: Partial<Observation>, ...done: readonly Action[]])[],
): void {
  describe(title, () => {
    for (const [fact, seen, ...done] of rows) {
      it(fact, () => {
        expect(decide(observation(seen))).to.deep.equal(done);
      });
    }
  });
}
