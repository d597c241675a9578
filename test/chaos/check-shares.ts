// The oracle of a shared service: limits hold, and the tasks of each owner keep their order.
import type { Sample } from './job-watch.ts';
import type { InjectedFault } from './observed-history.ts';
import type { DaemonPoll, ServerCall } from './server-record.ts';
import type { SharedLimits } from './shared-service.ts';

/** What all tasks of a round have in common. */
export interface SharedHistory {
  readonly calls: readonly ServerCall[];
  readonly polls: readonly DaemonPoll[];
  readonly samples: readonly Sample[];
  readonly faults: readonly InjectedFault[];
  readonly servedQueue: string;
  readonly limits: SharedLimits;
  /** The name of a task's owner; undefined for a task of another round. */
  readonly ownerOf: (task: string) => string | undefined;
}

export interface SharedResult {
  /** A sentence for each task that breaks a rule. */
  readonly wrong: ReadonlyMap<string, readonly string[]>;
  /** The most jobs at once, of all owners and of one owner. */
  readonly mostJobs: number;
  readonly mostOfOwner: number;
}

/** Calls after which a task no longer counts, unless it is enqueued again: a job of it that no daemon tracks may still end. */
const ENDINGS = new Set([
  'tasks.stop',
  'tasks.stopped',
  'tasks.failed',
  'tasks.completed',
  'tasks.dequeue',
  'tasks.reset',
  'tasks.archive',
  'tasks.delete',
  'queues.clear_queue',
]);

/** Acts of a user that may change the place of a task in its queue. */
const ACTS = new Set([...ENDINGS, 'tasks.enqueue']);

const CLAIMS = new Set(['queues.get_next_task', 'queues.remove_task']);

/** So long a daemon waits until its task is parked, before it claims another one. */
const PARKED_WITHIN_MS = 2_000;

/**
 * A job that starts so soon may leave the scheduler queue before another daemon reads it again. On a busy machine, squeue takes longer than
 * a quarter of a second, so that the other daemon may not list the jobs first.
 */
const STARTED_WITHIN_MS = 5_000;

/** A daemon that restarts may not find a peer again that it has not heard for longer. */
const HEARD_WITHIN_MS = 60_000;

/** A daemon does not forget a peer sooner. */
const KNOWN_FOR_MS = 75_000;

/** After a failed call, a daemon continues with the next task. */
const SKIPPED_WITHIN_MS = 15_000;

export function checkShares(history: SharedHistory): SharedResult {
  const wrong = new Map<string, string[]>();
  const report = (task: string, words: string): void => void wrong.set(task, [...(wrong.get(task) ?? []), words]);
  const most = checkLimits(history, report);
  checkOrder(history, report);
  return { wrong, ...most };
}

type Report = (task: string, words: string) => void;

/**
 * Of the tasks that have a job at the same time, the one that was claimed last must not have been claimed by a daemon that knew of as
 * many others as the limit permits. The others that it did not know of are the submissions in flight: at most one of each peer, unless a
 * call was delayed.
 */
function checkLimits(history: SharedHistory, report: Report): Pick<SharedResult, 'mostJobs' | 'mostOfOwner'> {
  const { samples, limits, ownerOf } = history;
  const daemons = new Set(history.polls.map(({ who }) => who));
  const reported = new Set<string>();
  let mostJobs = 0;
  let mostOfOwner = 0;

  function check(tasks: readonly string[], at: number, limit: number, whose: string): void {
    if (tasks.length <= limit) return;
    const claims = tasks.flatMap((task) => claimBefore(history, task, at) ?? []);
    const last = claims.toSorted((a, b) => a.at - b.at).at(-1);
    if (last === undefined || reported.has(last.task)) return;
    const known = tasks.filter((task) => task !== last.task && isKnown(history, task, last));
    const inTime = claims.filter((claim) => isPrompt(history, claim, at, daemons)).length;
    const most = limit + daemons.size - 1;
    if (known.length < limit && (daemons.size < 2 || inTime <= most)) return;
    reported.add(last.task);
    report(
      last.task,
      known.length < limit
        ? `with it, ${whose} has ${inTime} jobs of ${daemons.size} daemons; the maximum is ${most}`
        : `${last.who} claimed it and knew of ${known.length} jobs of ${whose}; the maximum is ${limit}`,
    );
  }

  for (const { at, jobs } of samples) {
    const tasks = [...new Set(jobs.map(({ task }) => task))].filter(
      (task) => ownerOf(task) !== undefined && !isOver(history, task, at),
    );
    mostJobs = Math.max(mostJobs, tasks.length);
    check(tasks, at, limits.jobs, 'the cluster');
    for (const owner of new Set(tasks.map(ownerOf))) {
      const own = tasks.filter((task) => ownerOf(task) === owner);
      mostOfOwner = Math.max(mostOfOwner, own.length);
      check(own, at, limits.jobsPerUser, owner ?? '');
    }
  }
  return { mostJobs, mostOfOwner };
}

/** The last claim of the task before this time. A call without a response was executed if the daemon parks the task afterwards. */
function claimBefore(history: SharedHistory, task: string, at: number): ServerCall | undefined {
  return history.calls.findLast(
    (call) =>
      call.task === task &&
      call.at < at &&
      CLAIMS.has(call.endpoint) &&
      call.who.startsWith('daemon') &&
      call.queue === history.servedQueue &&
      (call.response === undefined ? parksAfter(history, call).length > 0 : (call.response.count ?? 0) > 0),
  );
}

/**
 * Whether no delay kept the other daemons from counting the task: it was parked soon after its claim, it has its first job, and the daemon
 * knew its peers. One such task of each peer may exceed a limit.
 */
function isPrompt(history: SharedHistory, claim: ServerCall, at: number, daemons: ReadonlySet<string>): boolean {
  const { task, who, response } = claim;
  if (response === undefined) return false;
  const parkedAt = parksAfter(history, claim).find((call) => call.response?.code === 200)?.response?.at ?? Infinity;
  const startedAt = gateAfter(history, claim)?.at ?? Infinity;
  if (parkedAt - response.at > PARKED_WITHIN_MS || startedAt - parkedAt <= STARTED_WITHIN_MS) return false;
  const jobs = history.samples
    .filter((sample) => sample.at <= at)
    .flatMap((sample) => sample.jobs.filter((job) => job.task === task).map(({ job }) => job));
  const knows = (peer: string): boolean =>
    history.polls.some(
      (own) =>
        own.who === who &&
        own.at <= claim.at &&
        claim.at - own.at < KNOWN_FOR_MS &&
        history.polls.some((its) => its.who === peer && its.at <= own.beganAt && own.at - its.at < HEARD_WITHIN_MS),
    );
  return new Set(jobs).size <= 1 && [...daemons].every((peer) => peer === who || knows(peer));
}

/** The call by which a job takes the task of this claim from the scheduler queue. */
function gateAfter({ calls, servedQueue }: SharedHistory, { task, at }: ServerCall): ServerCall | undefined {
  return calls.find(
    (call) =>
      call.task === task &&
      call.at >= at &&
      call.endpoint === 'queues.remove_task' &&
      call.queue !== servedQueue &&
      !call.who.startsWith('daemon'),
  );
}

/** The calls that park the task of this claim. */
function parksAfter({ calls, servedQueue }: SharedHistory, { task, who, at }: ServerCall): readonly ServerCall[] {
  return calls.filter(
    (call) =>
      call.task === task &&
      call.who === who &&
      call.at >= at &&
      call.endpoint === 'queues.add_task' &&
      call.queue !== servedQueue,
  );
}

/**
 * Whether a daemon counted the job of this task when it claimed another one: its own tasks, and those that another daemon had parked
 * before the last poll began. Such a task is in the scheduler queue, or Slurm lists its job.
 */
function isKnown(history: SharedHistory, task: string, { who, at }: ServerCall): boolean {
  if (isOver(history, task, at)) return false;
  const claim = claimBefore(history, task, at);
  if (claim === undefined || claim.who === who) return true;
  const poll = history.polls.findLast((one) => one.who === who && one.at <= at);
  // Nothing shows that a daemon is about to submit a task again whose job has ended.
  const samples = history.samples.filter((one) => one.at > claim.at && one.at <= (poll?.at ?? 0));
  const hadJob = samples.map(({ jobs }) => jobs.some((job) => job.task === task));
  if (hadJob.includes(true) && hadJob.at(-1) === false) return false;
  return parksAfter(history, claim).some(
    ({ response }) => response?.code === 200 && response.at <= (poll?.beganAt ?? 0),
  );
}

/** Whether the last call about the task's life was one that ended it. A call without a response may have been executed. */
function isOver({ calls }: SharedHistory, task: string, at: number): boolean {
  const last = calls.findLast(
    (call) =>
      (call.task === task || call.task === '') &&
      call.at <= at &&
      (call.endpoint === 'tasks.enqueue' ? call.response?.code === 200 : ENDINGS.has(call.endpoint)),
  );
  return last !== undefined && last.endpoint !== 'tasks.enqueue';
}

/** Of two tasks of one owner, each enqueued once, the first one must be claimed first. */
function checkOrder({ calls, faults, servedQueue, ownerOf }: SharedHistory, report: Report): void {
  const enqueued = calls.filter(
    ({ who, endpoint, queue, response, task }) =>
      who === 'user' &&
      endpoint === 'tasks.enqueue' &&
      queue === servedQueue &&
      response?.code === 200 &&
      ownerOf(task) !== undefined,
  );
  const claimOf = (task: string): ServerCall | undefined =>
    calls.find(
      (call) =>
        call.task === task && CLAIMS.has(call.endpoint) && call.who.startsWith('daemon') && call.queue === servedQueue,
    );
  const isDisturbed = (task: string, claimedAt: number): boolean =>
    calls.some(
      ({ who, endpoint, task: of, at }) =>
        who === 'user' &&
        ACTS.has(endpoint) &&
        (of === task || of === '') &&
        at < claimedAt &&
        !enqueued.some((call) => call.task === task && call.at === at),
    ) || enqueued.filter((call) => call.task === task && call.at < claimedAt).length !== 1;

  for (const later of enqueued) {
    const claim = claimOf(later.task);
    if (
      claim === undefined ||
      claim.at < later.at ||
      isDisturbed(later.task, claim.at) ||
      isCallDisturbed(faults, claim.at)
    )
      continue;
    const overtaken = enqueued.find(
      (first) =>
        ownerOf(first.task) === ownerOf(later.task) &&
        (first.response?.at ?? Infinity) < later.at &&
        (claimOf(first.task)?.at ?? Infinity) > claim.at &&
        !isDisturbed(first.task, claim.at),
    );
    if (overtaken !== undefined)
      report(later.task, `it was claimed before task ${overtaken.task} of the same owner, which was enqueued first`);
  }
}

/** Whether a call of a daemon may have failed shortly before: then the daemon claims the next task. */
function isCallDisturbed(faults: readonly InjectedFault[], at: number): boolean {
  return faults.some(
    (fault) =>
      (fault.what === 'server away' || /^link daemon|paused/.test(fault.words)) &&
      fault.at <= at &&
      (fault.until ?? fault.at) + SKIPPED_WITHIN_MS >= at,
  );
}
