// Checks the invariants after each move and at each call of a daemon.
import type { Store } from '../../../src/sandbox/store/store.ts';
import { hasTaken, isAtWork, type Cluster, type SimJob } from '../simulated-slurm.ts';
import { TERM_REASON } from '../job.ts';
import { named, OTHER_QUEUE, OWN_QUEUE, SCHEDULER_QUEUE } from '../queues.ts';
import type { CallObserver } from '../server.ts';
import type { Violation } from './expected-ends.ts';
import { isClaim, isGranted } from './recognize-claim.ts';

export interface Invariants {
  /** The first violation. */
  readonly violation: Violation | undefined;
  report(kind: Violation['kind'], task: string | undefined, says: string): void;
  /** Checks an executed call of a daemon. */
  sawCall(call: Seen, store: Store): void;
  /** Permits repeated console lines from now on: a journal is lost, or another job may get the id of a forgotten one. */
  permitRepeats(): void;
  /** A job in flight arrives. If its task has ended, the daemon finds the task again and reports it once more. */
  arrivedLate(task: string): void;
  /** The user did something to the task. */
  userActed(task: string, act: string, store: Store): void;
  /** Whether the server lost the user's request to stop the task before any daemon could know of it. */
  isAbortErased(task: string): boolean;
  /** Since when an agent has overwritten the user's request to stop the task, which every daemon knows of; undefined if the server has it. */
  overwrittenSince(task: string): number | undefined;
  /** Must be called after every move, at least for the tasks that it may have changed. */
  check(store: Store, moved?: readonly string[]): void;
}

/** A call, and the number of the daemon that made it. */
type Seen = Omit<Parameters<CallObserver>[0], 'owner'> & { readonly daemon: number };

interface Facts {
  readonly cluster: Cluster;
  /** Whether the other agent runs the task. */
  readonly isOtherAgents: (task: string) => boolean;
  /** Whether at least one daemon has a journal entry for the task, and all such entries contain the user's request to stop it. */
  readonly isAbortNoted: (task: string) => boolean;
  /** The number of daemons. */
  readonly daemons: number;
  readonly now: () => number;
  /** After so long without a report an agent counts as lost: nothing shows a daemon that it is alive. */
  readonly absentMs: number;
}

/** Calls with which a daemon ends a task or takes it from another owner. */
const FORCED = ['tasks.failed', 'tasks.stopped', 'tasks.completed', 'tasks.dequeue', 'tasks.started'];
/** Calls with which a daemon ends a task. */
const ENDING = ['tasks.failed', 'tasks.stopped', 'tasks.completed'];
/** The attempts of one enqueued task, and a few more for faults. */
const MOST_JOBS = 14;

export function createInvariants({ cluster, isOtherAgents, isAbortNoted, daemons, now, absentMs }: Facts): Invariants {
  let violation: Violation | undefined;
  // Two daemons may track the same job, and then both report it.
  let mayRepeat = daemons > 1;
  let hasLostJournal = false;
  const consoles = new Map<string, { readonly line: string; readonly restarts: number }>();
  /** How often the last console line of each task may be repeated, after acts of the user and late jobs. */
  const permittedRepeats = new Map<string, number>();
  /** Tasks that were stopped by their abort, or before, and must stay so; whether an agent was at work, as the watchdog stops a silent one. */
  const staysStopped = new Map<string, { readonly hadAgent: boolean }>();
  /** The number of runs of each aborted task, which must not increase. */
  const runsBeforeAbort = new Map<string, number>();
  const erasedAborts = new Set<string>();
  /** Aborted tasks of which every daemon had recorded the request when an agent overwrote it. */
  const knownAborts = new Set<string>();
  const overwrittenSince = new Map<string, number>();
  /** The jobs that still ran a task when its user enqueued it elsewhere, which the server permits once it has stopped a silent task. */
  const leftBehind = new Map<string, readonly SimJob[]>();
  /** The number of the daemon that parked the task. */
  const parkedBy = new Map<string, number>();

  function report(kind: Violation['kind'], task: string | undefined, says: string): void {
    violation ??= { kind, task, says };
  }

  function jobsOf(task: string): SimJob[] {
    return cluster.jobs.filter((job) => job.task === task);
  }

  function isSilent(task: Seen['before']): boolean {
    return task !== undefined && now() - Date.parse(task.last_update) >= absentMs;
  }

  function checkForcedCall({ daemon, endpoint, lines, before }: Seen, store: Store): void {
    const task = String(lines[0]?.['task']);
    const wrong = (what: string): void => report('wrong', task, `a daemon called ${endpoint} on ${named(task)}${what}`);
    const isEnding = ENDING.includes(endpoint);
    const isOurRun = jobsOf(task).some((job) => isAtWork(job) || (isEnding && hasTaken(job)));
    const isOthersRun = isOtherAgents(task) && !(endpoint === 'tasks.failed' && isSilent(before));
    if (isOurRun || isOthersRun) wrong(' while it runs');
    const queue = store.queues
      .all()
      .find(({ id, entries }) => id !== OWN_QUEUE && entries.some((one) => one.task === task));
    // One of two daemons may park a task again between the other's poll and its call: the call is about the end of its job.
    const isOthers = daemons > 1 && parkedBy.get(task) !== daemon;
    if (isEnding && before?.status === 'queued' && queue?.id === SCHEDULER_QUEUE && !isOthers)
      wrong(', whose entry any job may still take');
    if (queue?.id === OTHER_QUEUE) wrong(', which waits in another queue');
    if (before?.status_message === 'stopping' && store.tasks.get(task)?.status !== 'stopped')
      wrong(' that the user has asked to stop');
  }

  const invariants: Invariants = {
    get violation() {
      return violation;
    },
    report,

    sawCall(call, store) {
      const { daemon, endpoint, lines, answer, before } = call;
      const task = String(lines[0]?.['task']);
      if (endpoint === 'queues.add_task' && lines[0]?.['queue'] === SCHEDULER_QUEUE) parkedBy.set(task, daemon);
      // Each claim may print the same line again.
      if (isClaim(call) && isGranted(answer)) consoles.delete(task);
      if (FORCED.includes(endpoint) && Number(answer['updated']) > 0) checkForcedCall(call, store);
      if (endpoint === 'tasks.stop' && !runsBeforeAbort.has(task) && !erasedAborts.has(task))
        report('wrong', task, `a daemon aborted ${named(task)}, which its user has not aborted last`);
      if (endpoint === 'tasks.update' && before?.status === 'in_progress') {
        report('wrong', task, `a daemon wrote the status message of ${named(task)}, which is in progress`);
      }
      // It leaves their status as it was.
      const updated = endpoint === 'tasks.update_batch' ? lines.map((line) => String(line['task'])) : [];
      for (const one of updated.filter((id) => store.tasks.get(id)?.status === 'in_progress'))
        report('wrong', one, `a daemon wrote the status message of ${named(one)}, which is in progress`);
      // One call may contain lines of several tasks.
      if (endpoint === 'events.add_batch')
        for (const line of lines) readConsole(String(line['task']), String(line['msg']));
    },

    permitRepeats() {
      mayRepeat = true;
      hasLostJournal = true;
    },

    arrivedLate: permitRepeat,

    userActed(task, act, store) {
      permitRepeat(task);
      staysStopped.delete(task);
      runsBeforeAbort.delete(task);
      erasedAborts.delete(task);
      knownAborts.delete(task);
      overwrittenSince.delete(task);
      leftBehind.delete(task);
      if (act === 'enqueue elsewhere') leftBehind.set(task, jobsOf(task).filter(isAtWork));
      if (act !== 'abort') return;
      if (store.tasks.get(task)?.status === 'stopped')
        staysStopped.set(task, { hadAgent: jobsOf(task).some(isAtWork) });
      runsBeforeAbort.set(task, runsOf(task));
    },

    isAbortErased: (task) => erasedAborts.has(task),
    overwrittenSince: (task) => overwrittenSince.get(task),

    check(store, moved) {
      const tasks = new Set(moved ?? cluster.jobs.map(({ task }) => task));
      for (const task of tasks) {
        if (runsAtOnce(task) > 1) report('twice', task, `${named(task)} is run twice at once`);
        if (jobsOf(task).length > MOST_JOBS) report('wrong', task, `${named(task)} got ${jobsOf(task).length} jobs`);
      }
      for (const [task, { hadAgent }] of staysStopped) {
        if (moved?.includes(task) === false) continue;
        const { status, status_message: message } = store.tasks.get(task) ?? {};
        // queues.get_next_task undoes an abort in the middle of it. The message stays until a daemon aborts the task again, which it must.
        const isUndoneByServer = status === 'queued' && message?.startsWith('Stopped by ') === true;
        // An agent that is still starting calls tasks.started again, whatever the status, and may then run the task to its end.
        const isUndoneByAgent = hadAgent && ['in_progress', 'completed', 'failed'].includes(String(status));
        if (status !== undefined && status !== 'stopped' && !isUndoneByServer && !isUndoneByAgent)
          report('wrong', task, `the abort of ${named(task)} was forgotten: it is ${status}`);
      }
      for (const [task, runs] of runsBeforeAbort) {
        if (moved?.includes(task) === false) continue;
        if (isBeingErased(task, store) || isOverwritten(task, store)) {
          runsBeforeAbort.delete(task);
          erasedAborts.add(task);
        } else if (runsOf(task) > runs) report('twice', task, `${named(task)} was started again after its abort`);
      }
    },
  };
  return invariants;

  /** The number of times that agents of our jobs have started this task. */
  function runsOf(task: string): number {
    return jobsOf(task).reduce((sum, job) => sum + job.runs, 0);
  }

  /** If a user enqueues a task elsewhere while its job is live, the task may start there before a daemon can end the job. */
  function runsAtOnce(task: string): number {
    const atWork = jobsOf(task).filter(isAtWork);
    if (!isOtherAgents(task)) return atWork.length;
    return 1 + atWork.filter((job) => leftBehind.get(task)?.includes(job) !== true).length;
  }

  /**
   * The last call of an agent whose job is being requeued overwrites the user's request to abort. A daemon that has not recorded the
   * request by then cannot know of it.
   */
  function isBeingErased(task: string, store: Store): boolean {
    const isLastCall = store.tasks.get(task)?.status_reason === TERM_REASON;
    if (!isLastCall || !jobsOf(task).some(({ leaving }) => leaving?.isRequeued)) return false;
    return hasLostJournal || !isAbortNoted(task);
  }

  /** While its agent starts the task, each of the agent's calls overwrites the user's request, which a daemon repeats if it has recorded it. */
  function isOverwritten(task: string, store: Store): boolean {
    const { status, status_message: message = '' } = store.tasks.get(task) ?? {};
    if (message.includes('stopping')) overwrittenSince.delete(task);
    if (status !== 'in_progress' || message.includes('stopping')) return false;
    if (!hasLostJournal && isAbortNoted(task)) knownAborts.add(task);
    if (!knownAborts.has(task)) return true;
    if (!overwrittenSince.has(task)) overwrittenSince.set(task, now());
    return false;
  }

  function permitRepeat(task: string): void {
    permittedRepeats.set(task, (permittedRepeats.get(task) ?? 0) + 1);
  }

  function isRepeatPermitted(task: string): boolean {
    const left = permittedRepeats.get(task) ?? 0;
    permittedRepeats.set(task, left - 1);
    return left > 0;
  }

  function readConsole(task: string, line: string): void {
    // A job may be requeued and started more than once.
    const isNew = mayRepeat || line.includes(' started again ');
    const last = consoles.get(task);
    const restarts = jobsOf(task).reduce((sum, job) => sum + job.restarts, 0);
    // The lines in between, about the start and the requeue, may be lost.
    if (!isNew && last?.line === line && last.restarts === restarts && !isRepeatPermitted(task))
      report('wrong', task, `the console of ${named(task)} repeats: ${line}`);
    consoles.set(task, { line, restarts });
  }
}
