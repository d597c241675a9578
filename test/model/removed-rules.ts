// The rules of the protocol, each removed from a copy of the source: the search must find a counterexample.
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { applyEdits, type SourceEdit } from '../support/source-edits.ts';
import { loadProgram, type Program } from './program.ts';
import type { Scenario } from './search.ts';
import { when } from './scenarios.ts';

export interface RemovedRule {
  readonly rule: string;
  /** The job script, not the daemon, implements the rule. */
  readonly withoutGate?: true;
  readonly edits: readonly SourceEdit[];
  /** The smallest set of faults that requires the rule. */
  readonly scenario: Scenario;
  readonly breaks: RegExp;
}

export const REMOVED_RULES: readonly RemovedRule[] = [
  {
    rule: 'a job removes its task from the scheduler queue before it runs the task',
    withoutGate: true,
    edits: [],
    scenario: when('the output of sbatch is lost', { lost: 1 }),
    breaks: /two runs at once/,
  },
  {
    rule: 'the daemon does not change a task when it puts the task into the scheduler queue',
    edits: [
      {
        file: 'src/clearml/queues.ts',
        from: 'const body = { queue, task, update_execution_queue: false };',
        to: 'const body = { queue, task, update_execution_queue: true };',
      },
    ],
    scenario: when('one action of the user', { users: 1 }),
    breaks: /./,
  },
  {
    rule: 'the daemon never puts a task into the scheduler queue by tasks.enqueue',
    edits: [
      {
        file: 'src/clearml/queues.ts',
        from: "await session.call('queues.add_task', body, { shape: Done, idempotent });",
        to: "await session.call('tasks.enqueue', body, { shape: Done, idempotent });",
      },
    ],
    scenario: when('one action of the user', { users: 1 }),
    breaks: /abort was forgotten/,
  },
  {
    rule: 'the daemon submits a new attempt only after a look-up of the jobs by name',
    edits: [
      {
        file: 'src/daemon/recover/finish-interrupted-steps.ts',
        from: 'if (live !== undefined) {',
        to: "if (live !== undefined && entry.step !== 'submitting') {",
      },
      {
        file: 'src/daemon/recover/finish-interrupted-steps.ts',
        from: 'const [job] = found.jobs;',
        to: 'const [job] = found.jobs.slice(0, 0);',
      },
    ],
    scenario: when('the output of sbatch is lost', { lost: 1 }),
    breaks: /a job was submitted although/,
  },
  {
    rule: 'a task is not claimed while an earlier job of the task is live',
    edits: [
      {
        file: 'src/daemon/claim/earlier-jobs.ts',
        from: 'journal.entries.has(task) || findLiveJob(snapshot, task) !== undefined',
        to: 'false',
      },
      {
        file: 'src/daemon/claim/claim-one-task.ts',
        from: 'if (deps.journal.entries.has(task)) return undefined;',
        to: '',
      },
    ],
    scenario: when('the user enqueues it again', { users: 1 }, { acts: ['enqueue'] }),
    breaks: /a job was submitted although|two runs at once/,
  },
  {
    rule: 'the daemon ends a queued task only after it has removed the task from the scheduler queue',
    edits: [
      {
        file: 'src/daemon/end/end-task.ts',
        from: 'if (basis.isParked && !(await deps.clearml.queues.removeEntry(schedulerQueueOf(deps, entry), entry.task))) return;',
        to: '',
      },
    ],
    scenario: when('the output of sbatch is lost, and the next sbatch fails', { lost: 1, refusals: 1 }),
    breaks: /on a task that runs/,
  },
  {
    rule: 'the daemon repeats an abort that a starting agent has overwritten',
    edits: [
      {
        file: 'src/daemon/decide/running-job.ts',
        from: '    if (isAbortOverwritten(task, job, observation)) return repeatAbort(job, task, observation);\n',
        to: '',
      },
      {
        file: 'src/daemon/decide/running-job.ts',
        from: 'clearTimers(entry, isAbortedRun(task, observation))',
        to: 'clearTimers(entry)',
      },
    ],
    scenario: when('the user aborts', { users: 1 }, { acts: ['abort'] }),
    breaks: /forgot an abort/,
  },
  {
    rule: 'a daemon changes a task only if the task has not changed since the poll',
    edits: [
      {
        file: 'src/daemon/end/end-task.ts',
        from: 'return hasSameState(await readTaskState(deps.clearml.tasks, id), seen);',
        to: 'return (await deps.clearml.tasks.get(id))?.task !== undefined || seen === undefined;',
      },
    ],
    scenario: when('a job dies, and the user aborts', { requeues: 1, users: 1 }, { acts: ['abort'] }),
    breaks: /asked to stop/,
  },
  {
    rule: 'a task that a peer may have returned to its queue is not treated as dequeued by the user',
    edits: [
      {
        file: 'src/daemon/submit/submit-parked-task.ts',
        from: '...(isLongAgo(deps, entry) ? { mayBeUnparked: true } : {}),',
        to: '',
      },
    ],
    scenario: when('a second daemon for one pass', { rounds: 1 }, { hasAtomicPolls: true }),
    breaks: /dequeued a task that its user had not removed/,
  },
];

/** Runs with an edited copy of the source, and removes the copy afterwards. */
export async function withEdits<Result>(
  root: string,
  edits: readonly SourceEdit[],
  run: (program: Program) => Promise<Result>,
): Promise<Result> {
  // In the checkout, so that the copy finds node_modules. In a fresh clone, this may be the first file there.
  await mkdir(join(root, '.test-cache'), { recursive: true });
  const folder = await mkdtemp(join(root, '.test-cache', 'model-'));
  try {
    await cp(join(root, 'src'), join(folder, 'src'), { recursive: true });
    await cp(join(root, 'templates'), join(folder, 'templates'), { recursive: true });
    await applyEdits(folder, edits);
    return await run(await loadProgram(join(folder, 'src')));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
