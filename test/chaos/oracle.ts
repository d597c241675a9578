// The oracle: checks the history of a task against the promises of the program.
import { QUEUES, runsOf, type InjectedFault, type Run, type TaskHistory } from './observed-history.ts';
import type { ServerCall } from './server-record.ts';
import { expectedEnd } from './expected-end.ts';

/** The faults of a task's history, one sentence each. */
export interface CheckResult {
  readonly lost: readonly string[];
  readonly twice: readonly string[];
  readonly wrong: readonly string[];
}

export function checkHistory(history: TaskHistory): CheckResult {
  return { lost: checkRest(history), twice: checkRuns(history), wrong: [...checkEnd(history), ...checkUser(history)] };
}

function checkUser({ unixUser, traces }: TaskHistory): string[] {
  if (unixUser === undefined) return [];
  const others = traces.filter(({ what, user }) => what === 'job starts' && user !== unixUser);
  return others.map(({ job, user }) => `job ${job} ran as ${user ?? 'an unknown user'}, and not as ${unixUser}`);
}

/** The task may have jobs and queue entries only where its user wants them. */
function checkRest({ found, liveJobs }: TaskHistory): string[] {
  const violations: string[] = [];
  if (liveJobs.length > 0) violations.push(`Slurm still has its job ${liveJobs.join(', ')}`);
  if (found === undefined) return violations;
  const { status, queues } = found;
  if (queues.includes(QUEUES.scheduler)) violations.push(`its entry is still in the queue ${QUEUES.scheduler}`);
  if (queues.includes(QUEUES.served)) violations.push(`it still waits in the queue ${QUEUES.served}`);
  if (status === 'queued' && queues.length === 0) violations.push('it is queued, and in no queue');
  if (status === 'in_progress') violations.push('it is still in progress, and no agent runs it');
  return violations;
}

function checkRuns(history: TaskHistory): string[] {
  const runs = runsOf(history.traces);
  return runs.flatMap((run, index) => {
    const before = runs[index - 1];
    if (before === undefined) return [];
    if (run.beganAt < before.livedUntil) {
      return [`two of its runs lived at once: in job ${before.job} and in job ${run.job}`];
    }
    if (isRerunPermitted(history, before, run)) return [];
    return [`it was started again, by job ${run.job} after job ${before.job}, without a cause`];
  });
}

/** Whether Slurm requeued the job, its node died, or the user enqueued the task again. */
function isRerunPermitted({ calls, traces, jobs, faults }: TaskHistory, before: Run, run: Run): boolean {
  const isBetween = ({ at }: { readonly at: number }): boolean => at >= before.beganAt && at <= run.beganAt;
  // The task is in progress, and can be reset and enqueued again, a moment before its program begins.
  const startedAt =
    calls.findLast((call) => call.endpoint === 'tasks.started' && call.who === 'node' && call.at <= before.beganAt)
      ?.at ?? before.beganAt;
  const isRestart = (fault: InjectedFault): boolean =>
    (fault.what === 'requeue' && fault.job === before.job) ||
    (fault.what === 'node killed' && fault.node === before.node);
  const isEnqueue = ({ who, endpoint, response: answer }: ServerCall): boolean =>
    who === 'user' && endpoint === 'tasks.enqueue' && (answer === undefined || answer.code === 200);
  return (
    calls.some((call) => isEnqueue(call) && call.at >= startedAt && call.at <= run.beganAt) ||
    traces.some((trace) => trace.what === 'job starts' && trace.job === before.job && isBetween(trace)) ||
    // A crashed controller lists a job as pending again if it had not saved the start.
    jobs
      .filter(({ job }) => job === before.job)
      .some((seen, index, all) => seen.state === 'PENDING' && all[index - 1]?.state === 'RUNNING' && isBetween(seen)) ||
    // A run may start on a node while its processes are being killed.
    faults.some((fault) => isRestart(fault) && fault.at <= run.beganAt && (fault.until ?? fault.at) >= before.beganAt)
  );
}

function checkEnd(history: TaskHistory): string[] {
  const { found, calls } = history;
  const { allowed, because } = expectedEnd(history);
  const status = found?.status ?? 'gone';
  if (!allowed.has(status)) {
    const wanted = [...allowed].join(' or ') || 'anything but this';
    return [`it is ${status}, and should be ${wanted}: ${because}`];
  }
  if (status === 'failed' && found?.reason === '' && !calls.some(emptiesReason)) {
    return ['it failed, and no reason is given'];
  }
  return [];
}

/** An abort of a failed task leaves it failed, and the server replaces its reason by the message "stopping". */
function emptiesReason({ who, endpoint, response }: ServerCall): boolean {
  return who === 'user' && endpoint === 'tasks.stop' && response?.code === 200 && response.status === 'failed';
}
