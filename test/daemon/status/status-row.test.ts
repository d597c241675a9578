// Tests the status row of a task for each state of its entry, its job and its task in ClearML.
import { expect } from 'chai';
import type { QueueId } from '../../../src/clearml/ids.ts';
import { statusRow, type KnownTask, type StatusRow } from '../../../src/daemon/status/status-row.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { entryOf, jobOf, NOW, TASK, taskOf } from '../decide/observations.ts';

function rowOf(overrides: Partial<KnownTask>): StatusRow {
  const known: KnownTask = {
    id: TASK,
    entry: entryOf(),
    task: taskOf('queued'),
    jobs: [],
    queueName: undefined,
    hasResponded: { clearml: true, slurm: true },
    ...overrides,
  };
  return statusRow(known, NOW);
}

const RUNNING = jobOf('RUNNING', { startAt: NOW - 5_000, nodes: 'n1' });

describe('the status row of a task', () => {
  for (const [what, overrides, state, why] of [
    [
      'a pending job',
      { jobs: [jobOf('PENDING', { reason: 'Priority' })] },
      'PENDING',
      'jobs of higher priority are ahead of it (Priority).',
    ],
    ['a job whose agent starts', { jobs: [RUNNING] }, 'RUNNING', 'clearml-agent is starting.'],
    ['a task in progress with a running job', { jobs: [RUNNING], task: taskOf('in_progress') }, 'RUNNING', ''],
    [
      'an aborted task',
      { jobs: [RUNNING], task: taskOf('in_progress', { statusMessage: 'stopping' }) },
      'RUNNING',
      'The task was aborted; its agent is ending it.',
    ],
    [
      'a requeued job',
      { jobs: [jobOf('PENDING', { reason: 'BeginTime' })], task: taskOf('in_progress') },
      'PENDING',
      'Slurm requeued the job; the task starts from the beginning.',
    ],
    [
      'a job whose task has ended',
      { jobs: [RUNNING], task: taskOf('completed') },
      'RUNNING',
      'The task has already completed; the job is ending.',
    ],
    [
      'a job whose task was deleted',
      { jobs: [RUNNING], task: undefined },
      'RUNNING',
      'The task was deleted; the job is ending.',
    ],
    [
      'a job that the daemon is cancelling',
      { jobs: [RUNNING], entry: entryOf({ cancelledFor: 'the task was aborted' }) },
      'RUNNING',
      'The job is being cancelled: the task was aborted.',
    ],
    [
      'a job that has ended',
      { jobs: [jobOf('TIMEOUT')] },
      'TIMEOUT',
      'Slurm job 7 ended TIMEOUT: Slurm ended it at its time limit. What to do: raise --time, or save checkpoints and continue from them.',
    ],
    [
      'a claimed task',
      { entry: entryOf({ step: 'parking' }) },
      'taken',
      'The daemon has claimed the task and not yet submitted it.',
    ],
    [
      'a task during its submission',
      { entry: entryOf({ step: 'submitting' }) },
      'submitting',
      'sbatch is running, or its outcome is unknown; the daemon looks up the job by name before it submits again.',
    ],
    [
      'a task whose sbatch created no job',
      { entry: entryOf({ step: 'submitting', submitMessage: 'Zero Bytes were transmitted', told: { noJob: true } }) },
      'submitting',
      'sbatch failed and created no job: Zero Bytes were transmitted. The daemon retries; if this lasts, ask its administrator.',
    ],
    [
      'an orphan',
      { entry: entryOf({ step: 'orphaned' }) },
      'orphaned',
      'The task is in no queue; the daemon returns it to its queue unless another daemon has claimed it.',
    ],
    [
      'a job that Slurm does not list',
      {},
      'absent',
      'Slurm does not list the job; the daemon looks up the job before it acts.',
    ],
    [
      'a parked task of another daemon',
      { entry: undefined },
      'parked',
      'The task waits in the scheduler queue until a daemon submits it.',
    ],
    [
      'a task while Slurm does not respond',
      { hasResponded: { clearml: true, slurm: false } },
      'unknown',
      'Slurm did not respond, so the state of the job is unknown.',
    ],
    [
      'a running job while ClearML does not respond',
      { jobs: [RUNNING], task: undefined, hasResponded: { clearml: false, slurm: true } },
      'RUNNING',
      '',
    ],
  ] as const satisfies readonly (readonly [string, Partial<KnownTask>, string, string])[]) {
    it(`shows the state "${state}" for ${what}`, () => {
      expect(rowOf(overrides)).to.include({ state, why });
    });
  }

  it('shows the nodes of the job and the time of the last state change', () => {
    expect(rowOf({ jobs: [jobOf('PENDING')] })).to.include({ since: NOW - 60_000, nodes: undefined });
    expect(rowOf({ jobs: [RUNNING] })).to.include({ since: NOW - 5_000, nodes: 'n1', job: '7' });
    expect(rowOf({ jobs: [jobOf('FAILED', { endedAt: NOW - 1 })] })).to.include({ since: NOW - 1 });
    expect(rowOf({ entry: entryOf({ stepAt: NOW - 9, absentSince: undefined }) })).to.include({ since: NOW - 9 });
  });

  it('shows the tracked job, not an extra job, if the task has two jobs', () => {
    const extra = jobOf('PENDING', { id: '6' as JobId });

    expect(rowOf({ jobs: [extra, RUNNING], task: taskOf('in_progress') })).to.include({ job: '7', state: 'RUNNING' });
  });

  it('shows the execution queue in ClearML if no journal contains the task', () => {
    const task = taskOf('queued', { executionQueue: 'e'.repeat(32) as QueueId });

    expect(rowOf({ entry: undefined, task, queueName: 'gpu' })).to.include({ queue: 'gpu', job: undefined });
  });
});
