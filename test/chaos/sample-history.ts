// Builds sample histories of tasks.
import type { InjectedFault, JobSeen, TaskHistory, Trace } from './observed-history.ts';
import type { ServerCall } from './server-record.ts';

export const SERVED = 'served';
export const OTHER_QUEUE = 'elsewhere';

export const TASK = 'f'.repeat(32);

interface RunOptions {
  readonly job?: string;
  readonly pid?: number;
  readonly forMs?: number;
  readonly code?: number | 'killed';
  readonly node?: string;
  readonly restarts?: number;
}

/** The traces of one job: its start, and a run that starts a second later. */
export function run(
  at: number,
  { job = '7', pid = 100, forMs = 2_000, code = 0, node = 'n1', restarts = 0 }: RunOptions = {},
): Trace[] {
  const whose = { task: TASK, job, node, restarts };
  return [
    { ...whose, at, what: 'job starts', pid: 0 },
    { ...whose, at: at + 1_000, what: 'run begins', pid },
    { ...whose, at: at + 1_000 + forMs, what: 'run lives', pid },
    ...(code === 'killed' ? [] : [{ ...whose, at: at + 1_000 + forMs, what: 'run ends' as const, pid, code }]),
  ];
}

export function call(
  at: number,
  who: string,
  endpoint: string,
  { status, code = 200, count = 1, queue }: { status?: string; code?: number; count?: number; queue?: string } = {},
): ServerCall {
  const answer = { at: at + 10, code, count, ...(status === undefined ? {} : { status }) };
  return { at, who, endpoint, task: TASK, response: answer, ...(queue === undefined ? {} : { queue }) };
}

export const enqueued = call(0, 'user', 'tasks.enqueue', { status: 'queued', queue: SERVED });
const SCHEDULER = 'scheduler';
export const parked = call(600, 'daemon-1', 'queues.add_task', { queue: SCHEDULER });
/** Acts of the user on the page of the scheduler queue. */
export const removed = call(1_000, 'user', 'queues.remove_task', { queue: SCHEDULER });
export const cleared = { ...call(1_000, 'user', 'queues.clear_queue', { queue: SCHEDULER }), task: '' };
export const gatePassed = call(1_900, 'node', 'queues.remove_task');

export function job(at: number, state: string, id = '7'): JobSeen {
  return { at, job: id, state, reason: 'None', unseenAt: at - 1_000 };
}

export function fault(at: number, what: InjectedFault['what'], more: Partial<InjectedFault> = {}): InjectedFault {
  return { at, what, words: what, ...more };
}

export function history(more: Partial<TaskHistory> & { readonly status?: string }): TaskHistory {
  const { status = 'completed', ...rest } = more;
  return {
    task: TASK,
    nature: 'ends well',
    servedQueue: SERVED,
    calls: [enqueued, gatePassed],
    traces: run(1_000),
    jobs: [job(1_000, 'RUNNING')],
    faults: [],
    found: { status, reason: 'worker execution done', message: '', queues: [] },
    liveJobs: [],
    ...rest,
  };
}

/** Long after the first run. */
export const late = call(9_000, 'user', 'tasks.enqueue', { status: 'queued', queue: SERVED });

/** During the first run. */
export const enqueuedDuringRun = [
  call(3_000, 'user', 'tasks.reset', { status: 'created' }),
  call(3_500, 'user', 'tasks.enqueue', { status: 'queued', queue: SERVED }),
];

/** A daemon cancelled the job, which Slurm had requeued before the task started, and then lost the line that says so. */
export const REQUEUED_BEFORE_START = history({
  status: 'stopped',
  traces: run(1_000).slice(0, 1),
  jobs: [job(1_000, 'RUNNING'), job(3_500, 'PENDING'), job(6_000, 'CANCELLED')],
  faults: [
    fault(3_000, 'requeue', { job: '7' }),
    fault(6_500, 'other', { words: 'daemon-1: daemon is killed, its journal torn' }),
  ],
});
