// What must never be seen in any story: each rule is checked after each move, or at the call of a daemon that breaks it.
import type { Store } from '../../../src/sandbox/store.ts';
import { hasTaken, isAtWork, type Cluster, type SimJob } from '../cluster.ts';
import { TERM_REASON } from '../job.ts';
import { OTHER_QUEUE, OWN_QUEUE, SCHEDULER_QUEUE } from '../queues.ts';
import type { CallObserver } from '../server.ts';

export interface Invariants {
  readonly verdict: string | undefined;
  report(what: string): void;
  /** A call of a daemon was carried out. */
  sawCall(call: Seen, store: Store): void;
  /** What was told before may be told again: the journal is lost, or another job has the id of a forgotten one. */
  permitRepeats(): void;
  /** A job that was long on its way arrives: its task may be over by then, and is found anew and told of once more with it. */
  arrivedLate(task: string): void;
  /** The user did something to the task. */
  userActed(task: string, act: string, store: Store): void;
  /** Whether the server has forgotten that the user wants the task stopped, before any daemon could know. */
  isAbortErased(task: string): boolean;
  /** To be called after every move, at least for the tasks that it may have changed. */
  check(store: Store, moved?: readonly string[]): void;
}

/** A call, and the number of the daemon that made it, in whichever of its lives. */
type Seen = Omit<Parameters<CallObserver>[0], 'owner'> & { readonly daemon: number };

interface Facts {
  readonly cluster: Cluster;
  readonly isNeighbours: (task: string) => boolean;
  /** Whether each daemon that has an entry for the task, and one at least, has written down that its user wants it stopped. */
  readonly isAbortNoted: (task: string) => boolean;
  readonly count: number;
}

/** By these a daemon says that a task has ended, or takes it out of somebody's hands. */
const FORCED = ['tasks.failed', 'tasks.stopped', 'tasks.completed', 'tasks.dequeue', 'tasks.started'];
/** By these it says that it has ended. */
const ENDING = ['tasks.failed', 'tasks.stopped', 'tasks.completed'];
/** Attempts for one life of a task in the queue, and a few for what a story did to them. */
const MOST_JOBS = 14;

export function createInvariants({ cluster, isNeighbours, isAbortNoted, count }: Facts): Invariants {
  let verdict: string | undefined;
  // Two daemons may both follow a job, and then both tell of it.
  let isForgetful = count > 1;
  let hasLostJournal = false;
  const consoles = new Map<string, { readonly line: string; readonly restarts: number }>();
  /** How often what each task was told last may be told again: its user did something meanwhile, or a job of it came late. */
  const pardons = new Map<string, number>();
  /** Aborted while it waited: it must stay stopped. */
  const staysStopped = new Set<string>();
  /** Aborted: nothing may begin it again. */
  const beganBeforeAbort = new Map<string, number>();
  const erasedAborts = new Set<string>();
  /** Enqueued elsewhere, which the server allows once it has stopped a silent task: these jobs still ran it then. */
  const leftBehind = new Map<string, readonly SimJob[]>();
  /** The number of the daemon that has put the task's entry into the scheduler queue. */
  const parkedBy = new Map<string, number>();

  function wrong(what: string): void {
    verdict ??= what;
  }

  function jobsOf(task: string): SimJob[] {
    return cluster.jobs.filter((job) => job.task === task);
  }

  function isRun(task: string): boolean {
    return isNeighbours(task) || jobsOf(task).some(isAtWork);
  }

  const judge: Invariants = {
    get verdict() {
      return verdict;
    },
    report: wrong,

    sawCall({ daemon, endpoint, lines, answer, before }, store) {
      const task = String(lines[0]?.['task']);
      if (endpoint === 'queues.add_task' && lines[0]?.['queue'] === SCHEDULER_QUEUE) parkedBy.set(task, daemon);
      // Each taking of a task may be told.
      if (endpoint === 'queues.get_next_task' && answer['entry'] !== undefined) consoles.delete(task);
      if (FORCED.includes(endpoint) && Number(answer['updated']) > 0) {
        if (isRun(task) || (ENDING.includes(endpoint) && jobsOf(task).some(hasTaken)))
          wrong(`a daemon called ${endpoint} on task ${Number(task)} while it runs`);
        const queue = store.queues
          .all()
          .find(({ id, entries }) => id !== OWN_QUEUE && entries.some((one) => one.task === task));
        // Of two daemons one may park a task anew between the other's look at it and its word: that names the end of its job.
        const isOthers = count > 1 && parkedBy.get(task) !== daemon;
        if (ENDING.includes(endpoint) && before?.status === 'queued' && queue?.id === SCHEDULER_QUEUE && !isOthers)
          wrong(`a daemon called ${endpoint} on task ${Number(task)}, whose entry any job may still take`);
        if (queue?.id === OTHER_QUEUE)
          wrong(`a daemon called ${endpoint} on task ${Number(task)}, which waits in another queue`);
        if (before?.status_message === 'stopping' && store.tasks.get(task)?.status !== 'stopped') {
          wrong(`a daemon called ${endpoint} on task ${Number(task)} that the user has asked to stop`);
        }
      }
      if (endpoint === 'tasks.update' && before?.status === 'in_progress') {
        wrong(`a daemon wrote the status message of task ${Number(task)}, which is in progress`);
      }
      // One call may carry the lines of several tasks.
      if (endpoint === 'events.add_batch') for (const line of lines) hear(String(line['task']), String(line['msg']));
    },

    permitRepeats() {
      isForgetful = true;
      hasLostJournal = true;
    },

    arrivedLate: allowOnceMore,

    userActed(task, act, store) {
      allowOnceMore(task);
      staysStopped.delete(task);
      beganBeforeAbort.delete(task);
      erasedAborts.delete(task);
      leftBehind.delete(task);
      if (act === 'enqueue elsewhere') leftBehind.set(task, jobsOf(task).filter(isAtWork));
      if (act !== 'abort') return;
      if (store.tasks.get(task)?.status === 'stopped') staysStopped.add(task);
      beganBeforeAbort.set(task, runsOf(task));
    },

    isAbortErased: (task) => erasedAborts.has(task),

    check(store, moved) {
      const tasks = new Set(moved ?? cluster.jobs.map(({ task }) => task));
      for (const task of tasks) {
        if (runsAtOnce(task) > 1) wrong(`task ${Number(task)} is run twice at once`);
        if (jobsOf(task).length > MOST_JOBS) wrong(`task ${Number(task)} got ${jobsOf(task).length} jobs`);
      }
      for (const task of staysStopped) {
        if (moved?.includes(task) === false) continue;
        const status = store.tasks.get(task)?.status;
        if (status !== undefined && status !== 'stopped')
          wrong(`the abort of task ${Number(task)} was forgotten: it is ${status}`);
      }
      for (const [task, runs] of beganBeforeAbort) {
        if (moved?.includes(task) === false) continue;
        if (isBeingErased(task, store)) {
          beganBeforeAbort.delete(task);
          erasedAborts.add(task);
        } else if (runsOf(task) > runs) wrong(`task ${Number(task)} was begun again after its abort`);
      }
    },
  };
  return judge;

  /** How often an agent of ours has begun this task. */
  function runsOf(task: string): number {
    return jobsOf(task).reduce((sum, job) => sum + job.runs, 0);
  }

  /** Who enqueues a task elsewhere while its job lives has it begun there before anybody could end that job. */
  function runsAtOnce(task: string): number {
    const atWork = jobsOf(task).filter(isAtWork);
    if (!isNeighbours(task)) return atWork.length;
    return 1 + atWork.filter((job) => leftBehind.get(task)?.includes(job) !== true).length;
  }

  /**
   * The last word of an agent whose job is being put back takes the place of its user's request to abort, and the server
   * keeps nothing of that: who has not written it down by then can't know.
   */
  function isBeingErased(task: string, store: Store): boolean {
    const isLastWord = store.tasks.get(task)?.status_reason === TERM_REASON;
    if (!isLastWord || !jobsOf(task).some(({ leaving }) => leaving?.isRequeued)) return false;
    return hasLostJournal || !isAbortNoted(task);
  }

  function allowOnceMore(task: string): void {
    pardons.set(task, (pardons.get(task) ?? 0) + 1);
  }

  function pardon(task: string): boolean {
    const left = pardons.get(task) ?? 0;
    pardons.set(task, left - 1);
    return left > 0;
  }

  function hear(task: string, line: string): void {
    // A job may be put back and started more than once.
    const isNews = isForgetful || line.includes(' started again ');
    const last = consoles.get(task);
    const restarts = jobsOf(task).reduce((sum, job) => sum + job.restarts, 0);
    // What was told between, of its start and that it was put back, may have been lost on its way.
    if (!isNews && last?.line === line && last.restarts === restarts && !pardon(task))
      wrong(`the console of task ${Number(task)} is told twice: ${line}`);
    consoles.set(task, { line, restarts });
  }
}
