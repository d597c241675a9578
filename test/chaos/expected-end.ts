// Derives the statuses that a task may end with from its history.
import { MIN_JOB_AGE_MS, runsOf, type InjectedFault, type Run, type TaskHistory } from './observed-history.ts';
import { removedAt } from './removed-by-user.ts';
import type { ServerCall } from './server-record.ts';

export interface ExpectedEnd {
  /** Statuses, or `gone`. */
  readonly allowed: ReadonlySet<string>;
  /** For the counterexample. */
  readonly because: string;
}

/** The calls with which a user changes a task's life cycle. */
const ACTS: ReadonlySet<string> = new Set([
  'tasks.stop',
  'tasks.dequeue',
  'tasks.reset',
  'tasks.archive',
  'tasks.delete',
  'tasks.enqueue',
]);

/** The statuses that a task may have had before it was enqueued. */
const FORMER = ['created', 'stopped', 'completed', 'failed'];

/** An agent checks once a second whether it must stop; a loaded machine takes longer. */
const NOTICE_MS = 6_000;
/** For how long before its death slurmctld may not have saved a change, and how long the report of an end may take. */
const UNSAVED_MS = 15_000;

/** A job that was submitted before a time may appear this much later. */
const SEEN_WITHIN_MS = 3_000;

export function expectedEnd(history: TaskHistory): ExpectedEnd {
  const act = lastAct(history);
  if (act === undefined) return byRuns(history, 0);
  if (act.endpoint === 'tasks.enqueue') return byEnqueue(history, act);
  if (act.endpoint === 'tasks.delete') return { allowed: new Set(['gone']), because: 'its user deleted it' };

  // The user sees such a task as pending. A queued task in no queue is returned to its queue, and runs (docs/known-issues.md).
  if (act.endpoint === 'tasks.dequeue' && act.response?.status === 'queued' && hasForgottenFormer(history, act))
    return byRuns(history, act.at);

  const word = act.endpoint.slice('tasks.'.length);
  const allowed = new Set<string>();
  const status = act.response?.status;
  // The act asks a running task to stop, stops a queued task, and does not change an ended task.
  if (status === 'in_progress') allowed.add('stopped');
  else if (status !== undefined) allowed.add(status);
  else addAll(allowed, FORMER);

  const isAsked = act.endpoint === 'tasks.stop' && status === 'in_progress';
  if (isAsked && mayHaveMissed(history, act)) addAll(allowed, byRuns(history, 0).allowed);
  if (isOverruledByAgent(history, act)) addAll(allowed, byRuns(history, 0).allowed);
  return { allowed, because: `its user called ${word} last` };
}

/** Returns the last act of the user that the server executed. It accepts the dequeue of a deleted task too, and changes nothing. */
function lastAct({ calls }: TaskHistory): ServerCall | undefined {
  const acts = calls.filter(
    ({ who, endpoint, response: answer }) => who === 'user' && ACTS.has(endpoint) && answer?.code === 200,
  );
  return acts.find(({ endpoint }) => endpoint === 'tasks.delete') ?? acts.at(-1);
}

/**
 * Whether the server may have lost the task's status before it was enqueued, after an enqueue that it refused or a dequeue that left
 * the task queued. The next enqueue then stores *queued* as the status to which a dequeue returns the task
 * (bll/task/task_operations.py, enqueue_task).
 */
function hasForgottenFormer({ calls }: TaskHistory, dequeue: ServerCall): boolean {
  const before = calls.filter(({ at }) => at < dequeue.at);
  const enqueue = before.findLast(
    ({ endpoint, response: answer }) => endpoint === 'tasks.enqueue' && answer?.code === 200,
  );
  return before.some(({ at, endpoint, response: answer }) => {
    if (enqueue === undefined || at >= enqueue.at) return false;
    if (endpoint === 'tasks.enqueue') return answer?.code !== 200;
    return endpoint === 'tasks.dequeue' && (answer === undefined || answer.status === 'queued');
  });
}

function byEnqueue(history: TaskHistory, act: ServerCall): ExpectedEnd {
  if (act.queue !== history.servedQueue) {
    const allowed = new Set(['queued']);
    if (isOverruledByAgent(history, act)) addAll(allowed, byRuns(history, 0).allowed);
    return { allowed, because: 'its user enqueued it elsewhere last' };
  }
  return byRuns(history, act.at);
}

/** Whether the program started after the abort, or ended by itself before its agent could notice the abort. */
function mayHaveMissed({ traces, faults, leeway = 1 }: TaskHistory, act: ServerCall): boolean {
  const last = runsOf(traces).at(-1);
  if (last === undefined || last.beganAt > act.at) return true;
  return (
    last.code !== undefined && last.livedUntil - act.at < NOTICE_MS * leeway + outageMs(faults, act.at, last.livedUntil)
  );
}

/** An agent that started the task before the user acted may set the last status: this program cannot prevent that. */
function isOverruledByAgent({ calls }: TaskHistory, act: ServerCall): boolean {
  const hadIt = calls.some((call) => hasPassedGate(call) && call.at < act.at);
  return hadIt && calls.some((call) => call.who === 'node' && changesStatus(call) && endOf(call) >= act.at);
}

function changesStatus({ endpoint, response: answer }: ServerCall): boolean {
  return endpoint.startsWith('tasks.') && (answer === undefined || answer.count === 1);
}

function endOf({ at, response: answer }: ServerCall): number {
  return answer?.at ?? at;
}

function byRuns(history: TaskHistory, since: number): ExpectedEnd {
  const demanded = byItsRuns(history, since);
  const removed = removedAt(history, since);
  if (removed === undefined) return demanded;

  // The removal dequeues the task, which restores its former status; the task runs if a job had already taken the entry.
  const allowed = new Set([...demanded.allowed, ...(since === 0 ? ['created'] : FORMER)]);
  // A daemon that lost its journal does not know that it cancelled the job because of the removal.
  if (isJournalLost(history, removed, Infinity)) allowed.add('stopped');
  return { allowed, because: `${demanded.because}; its user had removed it from the scheduler queue` };
}

function byItsRuns(history: TaskHistory, since: number): ExpectedEnd {
  const runs = runsOf(history.traces).filter(({ livedUntil }) => livedUntil >= since);
  const last = runs.at(-1);
  if (last === undefined) return byNoRun(history, since);

  const allowed = new Set<string>();
  const cancelled = findIgnored(history, last, since);
  if (cancelled !== undefined) {
    const because = `a user had cancelled job ${cancelled.job ?? ''}, its only one, before job ${last.job} was made for it`;
    return { allowed: new Set(['stopped']), because };
  }
  const disturbed = disturbances(history, last);
  if (last.code !== undefined) allowed.add(last.code === 0 ? 'completed' : 'failed');
  for (const { what } of disturbed) {
    if (what === 'scancel') allowed.add('stopped');
    else addAll(allowed, ['failed', 'stopped']);
  }
  // The run was that of an earlier claim, and nothing of the task ran in the job that its user cancelled.
  if (isCancelledSince(history, last.livedUntil)) allowed.add('stopped');
  if (history.nature === 'has too little time') allowed.add('failed');
  const how = last.code === undefined ? 'was killed' : `ended with ${last.code}`;
  const by = disturbed.map(({ words }) => words).join(', ') || 'nothing';
  return { allowed, because: `its last run, in job ${last.job}, ${how}; disturbed by ${by}` };
}

function byNoRun(history: TaskHistory, since: number): ExpectedEnd {
  const { nature } = history;
  if (nature === 'does not fit the template') {
    return { allowed: new Set(['failed']), because: 'it does not fit the template' };
  }
  const allowed = new Set<string>();
  if (isCancelledSince(history, since)) allowed.add('stopped');
  if (mayHaveForgottenCancelling(history, since)) allowed.add('stopped');
  const gated = lastGatedJob(history, since);
  const disturbed = gated === undefined ? [] : disturbances(history, gated).filter(({ what }) => what !== 'scancel');
  if (disturbed.length === 0) return { allowed, because: 'its program never ran' };

  addAll(allowed, ['failed', 'stopped']);
  const by = disturbed.map(({ words }) => words).join(', ');
  return { allowed, because: `job ${gated?.job ?? ''} was let in, and its program never ran; disturbed by ${by}` };
}

function isCancelledSince({ faults, jobs }: TaskHistory, since: number): boolean {
  return faults.some(({ what, job, at }) => what === 'scancel' && at >= since && jobs.some((seen) => seen.job === job));
}

/**
 * Returns the last job that passed the gate, as a run until its agent's last call. If the agent dies before it starts the program, the
 * task does not run again: a daemon cannot know whether the program started.
 */
function lastGatedJob({ calls, traces }: TaskHistory, since: number): Run | undefined {
  const fromNode = calls.filter(({ who, at }) => who === 'node' && at >= since);
  const gate = fromNode.findLast(hasPassedGate);
  const start = traces.findLast(({ what, at }) => what === 'job starts' && at <= (gate?.at ?? 0));
  if (gate === undefined || start === undefined) return undefined;
  const { job, node } = start;
  return { job, node, beganAt: gate.at, livedUntil: fromNode.at(-1)?.at ?? gate.at, code: undefined };
}

/**
 * Finds a user's scancel of the task's only job that did not prevent another run. Exceptions: a killed controller may have forgotten the
 * scancel, another job may have been there unseen, the task may have been enqueued again, or its job was about to be replaced.
 */
function findIgnored(history: TaskHistory, run: Run, since: number): InjectedFault | undefined {
  const { faults, jobs, calls, leeway = 1 } = history;
  const taken = calls.find(({ endpoint, at }) => endpoint === 'queues.get_next_task' && at >= since);
  return faults.find((scancel) => {
    const { what, at, job } = scancel;
    if (what !== 'scancel' || at < (taken?.at ?? since) || at > run.beganAt || job === run.job) return false;
    const isForgettable = faults.some(
      (fault) => fault.what === 'controller killed' && Math.abs(fault.at - at) < UNSAVED_MS * leeway,
    );
    const isJournalLostSince = (from: number): boolean => isJournalLost(history, from, run.beganAt);
    // When the next job was submitted, neither the journal nor Slurm contained the cancelled job.
    const isForgotten = run.beganAt - at > MIN_JOB_AGE_MS && isJournalLostSince(at);
    // The job had passed the gate but not started the task: without a journal, the daemon may have cancelled it.
    const isUnrecorded = isJournalLostSince(taken?.at ?? since) && isGatedOnly(history, at);
    const isOnly = jobs.every((seen) => seen.job === job || (seen.unseenAt > at && seen.at > at + SEEN_WITHIN_MS));
    return !isForgettable && !isForgotten && !isUnrecorded && isOnly && !isRequeued(history, scancel);
  });
}

function isJournalLost({ faults }: TaskHistory, from: number, until: number): boolean {
  return faults.some(({ words, at }) => /journal (?:lost|torn)/.test(words) && at > from && at < until);
}

/** Whether Slurm requeued the job between the gate and the start of the task: such a job never runs the task. */
function isRequeued({ calls, jobs, traces }: TaskHistory, { job, at }: Pick<InjectedFault, 'job' | 'at'>): boolean {
  const gate = calls.find((call) => hasPassedGate(call) && call.at < at);
  if (gate === undefined || !isGatedOnly({ calls }, at)) return false;
  const isBack = (back: { readonly job: string; readonly at: number }): boolean =>
    back.job === job && back.at > gate.at && back.at < at;
  return jobs.some((seen) => seen.state === 'PENDING' && isBack(seen)) || traces.some(isBack);
}

/**
 * Whether a daemon may have cancelled a job that Slurm requeued before the task started, and then lost the synced line that says so. To
 * that daemon, its own scancel looks like a user's.
 */
function mayHaveForgottenCancelling(history: TaskHistory, since: number): boolean {
  return history.jobs.some(
    ({ job, state, at }) =>
      state === 'CANCELLED' &&
      at >= since &&
      isRequeued(history, { job, at }) &&
      isJournalLost(history, since, Infinity),
  );
}

/** Whether a job had passed the gate by then, and no agent had started the task. */
function isGatedOnly({ calls }: Pick<TaskHistory, 'calls'>, by: number): boolean {
  const before = calls.filter(({ at }) => at < by);
  return before.some(hasPassedGate) && !before.some(({ endpoint }) => endpoint === 'tasks.started');
}

function hasPassedGate({ who, endpoint, response: answer }: ServerCall): boolean {
  return who === 'node' && endpoint === 'queues.remove_task' && (answer === undefined || answer.count === 1);
}

/** Returns the faults of a run's job, from shortly before the run until its end was reported. */
function disturbances({ faults, leeway = 1 }: TaskHistory, run: Run): InjectedFault[] {
  const unsavedMs = UNSAVED_MS * leeway;
  const until = run.livedUntil + unsavedMs;
  return faults.filter(({ what, at, until: over = at, job, node }) => {
    if (at < run.beganAt - unsavedMs || at > until) return false;
    if (what === 'scancel') return job === run.job;
    // A run may start while the processes of its node are being killed.
    if (what === 'node killed') return node === run.node && over >= run.beganAt;
    return what === 'controller killed';
  });
}

/** Returns the milliseconds in which agents could not reach the server. */
function outageMs(faults: readonly InjectedFault[], from: number, to: number): number {
  return faults
    .filter(({ what }) => what === 'server away' || what === 'link broken')
    .reduce((sum, { at, until = to }) => sum + Math.max(0, Math.min(to, until) - Math.max(from, at)), 0);
}

function addAll(to: Set<string>, more: Iterable<string>): void {
  for (const one of more) to.add(one);
}
