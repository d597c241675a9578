// Which statuses a task may end with, by what was done to it and what its program did.
import { MIN_JOB_AGE_MS, runsOf, type InjectedFault, type Run, type TaskHistory } from './history.ts';
import { removedAt } from './removals.ts';
import type { ServerCall } from './server-record.ts';

export interface ExpectedEnd {
  /** Statuses, or `gone`. */
  readonly allowed: ReadonlySet<string>;
  /** For the counterexample. */
  readonly because: string;
}

/** What a user does to a task's life, by the call that it is; a read of his is none. */
const ACTS: ReadonlySet<string> = new Set([
  'tasks.stop',
  'tasks.dequeue',
  'tasks.reset',
  'tasks.archive',
  'tasks.delete',
  'tasks.enqueue',
]);

/** What a task may have been before it was enqueued. */
const FORMER = ['created', 'stopped', 'completed', 'failed'];

/** An agent looks once a second whether it is to stop; a loaded machine makes that longer. */
const NOTICE_MS = 6_000;
/** How long before its death a controller may not yet have saved what it was told, and after an end how long a report takes. */
const UNSAVED_MS = 15_000;

/** One that was submitted before may be there as late. */
const SEEN_WITHIN_MS = 3_000;

export function expectedEnd(history: TaskHistory): ExpectedEnd {
  const act = lastAct(history);
  if (act === undefined) return byRuns(history, 0);
  if (act.endpoint === 'tasks.enqueue') return byEnqueue(history, act);
  if (act.endpoint === 'tasks.delete') return { allowed: new Set(['gone']), because: 'its user deleted it' };

  // The user sees such a task pending: one that is queued in no queue is returned to its own, and runs (docs/known-issues.md).
  if (act.endpoint === 'tasks.dequeue' && act.response?.status === 'queued' && hasForgottenFormer(history, act))
    return byRuns(history, act.at);

  const word = act.endpoint.slice('tasks.'.length);
  const allowed = new Set<string>();
  const status = act.response?.status;
  // A running task is asked to stop, one that waits is stopped, and one that is over stays what it is.
  if (status === 'in_progress') allowed.add('stopped');
  else if (status !== undefined) allowed.add(status);
  else addAll(allowed, FORMER);

  const isAsked = act.endpoint === 'tasks.stop' && status === 'in_progress';
  if (isAsked && mayHaveMissed(history, act)) addAll(allowed, byRuns(history, 0).allowed);
  if (isOverruledByAgent(history, act)) addAll(allowed, byRuns(history, 0).allowed);
  return { allowed, because: `its user called ${word} last` };
}

/** The last thing that the user did to the task and the server agreed to. */
function lastAct({ calls }: TaskHistory): ServerCall | undefined {
  return calls.findLast(
    ({ who, endpoint, response: answer }) => who === 'user' && ACTS.has(endpoint) && answer?.code === 200,
  );
}

/**
 * Whether the server may have forgotten what the task was before its queue: by an enqueue that it refused, or a dequeue that left
 * the task queued. The next enqueue then makes *queued* the status to which a dequeue returns it (bll/task/task_operations.py,
 * enqueue_task).
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

/** By the time of the abort the program had not begun, or it ended by itself before its agent could notice. */
function mayHaveMissed({ traces, faults, leeway = 1 }: TaskHistory, act: ServerCall): boolean {
  const last = runsOf(traces).at(-1);
  if (last === undefined || last.beganAt > act.at) return true;
  return (
    last.code !== undefined && last.livedUntil - act.at < NOTICE_MS * leeway + awayMs(faults, act.at, last.livedUntil)
  );
}

/** An agent that started the task before the user acted may set the last status: this program cannot prevent that. */
function isOverruledByAgent({ calls }: TaskHistory, act: ServerCall): boolean {
  const hadIt = calls.some((call) => isLetIn(call) && call.at < act.at);
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

  // It is dequeued, which makes of it what it was before, or runs all the same where another one may have taken the entry.
  const allowed = new Set([...demanded.allowed, ...(since === 0 ? ['created'] : FORMER)]);
  // A daemon that lost its journal does not know that it cancelled the job for that.
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
  if (history.nature === 'has too little time') allowed.add('failed');
  const how = last.code === undefined ? 'was killed' : `ended with ${last.code}`;
  const by = disturbed.map(({ words }) => words).join(', ') || 'nothing';
  return { allowed, because: `its last run, in job ${last.job}, ${how}; disturbed by ${by}` };
}

function byNoRun(history: TaskHistory, since: number): ExpectedEnd {
  const { nature, faults, jobs } = history;
  if (nature === 'does not fit the template') {
    return { allowed: new Set(['failed']), because: 'it does not fit the template' };
  }
  const own = new Set(jobs.map(({ job }) => job));
  const allowed = new Set<string>();
  if (faults.some(({ what, job, at }) => what === 'scancel' && at >= since && own.has(job ?? '')))
    allowed.add('stopped');
  const letIn = lastLetIn(history, since);
  const disturbed = letIn === undefined ? [] : disturbances(history, letIn).filter(({ what }) => what !== 'scancel');
  if (disturbed.length === 0) return { allowed, because: 'its program never ran' };

  addAll(allowed, ['failed', 'stopped']);
  const by = disturbed.map(({ words }) => words).join(', ');
  return { allowed, because: `job ${letIn?.job ?? ''} was let in, and its program never ran; disturbed by ${by}` };
}

/**
 * A job that may run the task, from then until its agent spoke last. Its agent may die before it starts the program, and the
 * task is not run again then: a daemon cannot know how far it came.
 */
function lastLetIn({ calls, traces }: TaskHistory, since: number): Run | undefined {
  const fromNode = calls.filter(({ who, at }) => who === 'node' && at >= since);
  const gate = fromNode.findLast(isLetIn);
  const start = traces.findLast(({ what, at }) => what === 'job starts' && at <= (gate?.at ?? 0));
  if (gate === undefined || start === undefined) return undefined;
  const { job, node } = start;
  return { job, node, beganAt: gate.at, livedUntil: fromNode.at(-1)?.at ?? gate.at, code: undefined };
}

/**
 * A user's scancel of the only job that the task had, which is no reason for another one. A controller that is killed may forget
 * it, and a job that it acknowledged may have been there unseen. A task that was enqueued again meanwhile must run all the same, and
 * so is one whose job was about to be replaced.
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
    // Neither the journal nor Slurm told of it any more when the next job was made.
    const isForgotten = run.beganAt - at > MIN_JOB_AGE_MS && isJournalLostSince(at);
    // It had taken the task out of every queue and not begun it: without a journal that may as well be a scancel of ours.
    const isUntold = isJournalLostSince(taken?.at ?? since) && isOnlyLetIn(history, at);
    const isOnly = jobs.every((seen) => seen.job === job || (seen.unseenAt > at && seen.at > at + SEEN_WITHIN_MS));
    return !isForgettable && !isForgotten && !isUntold && isOnly && !isRequeued(history, scancel);
  });
}

function isJournalLost({ faults }: TaskHistory, from: number, until: number): boolean {
  return faults.some(({ words, at }) => /journal (?:lost|torn)/.test(words) && at > from && at < until);
}

/** Slurm had requeued the job after it passed the gate and before its agent started the task: that job never runs it. */
function isRequeued({ calls, jobs, traces }: TaskHistory, { job, at }: InjectedFault): boolean {
  const gate = calls.find((call) => isLetIn(call) && call.at < at);
  if (gate === undefined || !isOnlyLetIn({ calls }, at)) return false;
  const isBack = (back: { readonly job: string; readonly at: number }): boolean =>
    back.job === job && back.at > gate.at && back.at < at;
  return jobs.some((seen) => seen.state === 'PENDING' && isBack(seen)) || traces.some(isBack);
}

/** By then a job had been let in, and its agent had not yet begun the task. */
function isOnlyLetIn({ calls }: Pick<TaskHistory, 'calls'>, by: number): boolean {
  const before = calls.filter(({ at }) => at < by);
  return before.some(isLetIn) && !before.some(({ endpoint }) => endpoint === 'tasks.started');
}

function isLetIn({ who, endpoint, response: answer }: ServerCall): boolean {
  return who === 'node' && endpoint === 'queues.remove_task' && (answer === undefined || answer.count === 1);
}

/** What was done to the job of a run, from a moment before it began until its end could be told. */
function disturbances({ faults, leeway = 1 }: TaskHistory, run: Run): InjectedFault[] {
  const unsavedMs = UNSAVED_MS * leeway;
  const until = run.livedUntil + unsavedMs;
  return faults.filter(({ what, at, until: over = at, job, node }) => {
    if (at < run.beganAt - unsavedMs || at > until) return false;
    if (what === 'scancel') return job === run.job;
    // To kill all processes of a node takes a moment, in which one more may begin.
    if (what === 'node killed') return node === run.node && over >= run.beganAt;
    return what === 'controller killed';
  });
}

/** How much of that time an agent could not reach the server. */
function awayMs(faults: readonly InjectedFault[], from: number, to: number): number {
  return faults
    .filter(({ what }) => what === 'server away' || what === 'link broken')
    .reduce((sum, { at, until = to }) => sum + Math.max(0, Math.min(to, until) - Math.max(from, at)), 0);
}

function addAll(to: Set<string>, more: Iterable<string>): void {
  for (const one of more) to.add(one);
}
