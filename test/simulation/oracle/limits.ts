// Checks that limits and pauses hold: from the jobs of the cluster, and not from the program.
import { isLive } from '../../../src/slurm/job-state.ts';
import type { DaemonDeps } from '../../../src/daemon/deps.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE, named } from '../queues.ts';
import type { Cluster } from '../simulated-slurm.ts';
import type { JobSize } from '../../../src/slurm/scheduler.ts';
import type { RoundLimits } from '../schedule.ts';
import type { CallObserver } from '../server.ts';
import { isClaim, isGranted } from './recognize-claim.ts';

export interface LimitOracle {
  /** sbatch starts for this task. @param incarnation of the daemon that starts it */
  submitting(task: string, user: string | undefined, incarnation: number): void;
  /** squeue lists the jobs for this incarnation of a daemon. */
  listing(incarnation: number): void;
  /** @param incarnation of the daemon that made the call */
  sawCall(incarnation: number, call: Omit<Parameters<CallObserver>[0], 'owner'>): void;
  readPauses(incarnation: number): ReturnType<NonNullable<DaemonDeps['pauses']>>;
  /** Pauses the queue, or ends the pause. Returns whether it is paused now. */
  togglePause(): boolean;
  isPaused(): boolean;
}

/** As the user map of the daemons has it. */
const OWNERS_USERS: Readonly<Record<string, string>> = { ada: 'alice', bob: 'bob' };

interface Facts extends Pick<RoundLimits, 'limits' | 'unixUsers'> {
  readonly cluster: Cluster;
  readonly daemons: number;
  readonly now: () => number;
  /** The number of the daemon with this incarnation. */
  readonly daemonOf: (incarnation: number) => number;
  readonly ownerOf: (task: string) => string;
  /** Whether no limit need count the jobs of this task. */
  readonly isUncounted: (task: string) => boolean;
  /** Whether no daemon tracks the task: with a journal entry as an orphan, it belongs to a queue or to another daemon. */
  readonly isReturned: (task: string) => boolean;
  /** Whether the journal of this daemon has an entry for the task. */
  readonly isTrackedBy: (daemon: number, task: string) => boolean;
  readonly report: (says: string, task: string | undefined) => void;
}

/** The last claim of a task. */
interface Claim {
  readonly daemon: number;
  readonly incarnation: number;
  readonly at: number;
  /** Whether the daemon knew each peer. */
  readonly knewPeers: boolean;
  /** Grows with each claim. */
  readonly number: number;
  /** The tasks of other daemons that were claimed, but not parked when the last poll of this daemon began, and those that had ended. */
  readonly uncounted: ReadonlySet<string>;
  /** The tasks of other daemons without a job in the last poll of this daemon, so that it did not know their sizes. */
  readonly unsized: ReadonlySet<string>;
  /** The tasks whose job no limit counted: see `uncountedBy`. */
  readonly hidden: ReadonlySet<string>;
}

/** What a poll of a daemon has seen. */
interface Poll {
  /** The tasks that were parked when it began, with the number of their claim. */
  readonly parked: ReadonlyMap<string, number>;
  /** The tasks that had a job in Slurm's list, and those whose jobs had all ended. */
  readonly withJob: ReadonlySet<string>;
  readonly ended: ReadonlySet<string>;
}

/** So long a daemon waits until its task is parked, before it claims another one. */
const PARKED_WITHIN_MS = 2_000;

/** A job that starts so soon may leave the scheduler queue before a peer reads it again. */
const STARTED_WITHIN_MS = 1_000;

/** So long a daemon does not read again that a task was over. */
const OVER_WITHIN_MS = 30_000;

/** A peer without a heartbeat for so long may be unknown. */
const HEARD_WITHIN_MS = 75_000;

/** The most nodes or GPUs of a job in a round. */
const MOST_OF_JOB = 4;

/** The size of the jobs of a task, for rounds with limits of nodes or GPUs. */
export function sizeInRound(task: string): JobSize {
  const number = Number(task.replaceAll(/\D/g, '')) || 0;
  return { nodes: 1 + (number % MOST_OF_JOB), gpus: (number * 7) % (MOST_OF_JOB + 1) };
}

export function createLimitOracle({
  limits,
  unixUsers,
  cluster,
  daemons,
  now,
  daemonOf,
  ownerOf,
  isUncounted,
  isReturned,
  isTrackedBy,
  report,
}: Facts): LimitOracle {
  let isPaused = false;
  /** The incarnations that read the pause before their current claims. */
  const knowPause = new Set<number>();
  /** Claimed tasks without a submission since. Another submission of a task takes the place of its last one. */
  const claimed = new Set<string>();
  const claims = new Map<string, Claim>();
  let claimCount = 0;
  /** With the number of the claim. */
  const parked = new Map<string, number>();
  /** The daemons that may submit each task: a user may enqueue a claimed task again, so that another daemon claims it, too. */
  const claimants = new Map<string, readonly number[]>();
  /** By incarnation: the tasks that were parked when its last poll began, the first list of jobs since then, and the last poll that has ended. */
  const beginning = new Map<number, ReadonlyMap<string, number>>();
  const listed = new Map<number, Pick<Poll, 'withJob' | 'ended'>>();
  const polls = new Map<number, Poll>();
  /** Of each task that was parked soon after its last claim, by the daemon that claimed it: the number of the claim. */
  const parkedSoon = new Map<string, { readonly number: number; readonly at: number }>();
  /** By daemon: its last heartbeat. */
  const heardAt = new Map<number, number>();
  /** By incarnation: when it last read that each task with a job was over. Its agent may set it in progress again. */
  const overAt = new Map<number, Map<string, number>>();
  /** The incarnations that have heard of each peer in their last poll. */
  const knowPeers = new Set<number>();

  function claim(incarnation: number, task: string): void {
    const daemon = daemonOf(incarnation);
    const poll = polls.get(incarnation);
    const others = [...claims].filter(([, its]) => its.daemon !== daemon);
    // Nothing shows that a peer is about to submit a task again whose job has ended.
    const isEnded = (one: string): boolean => isUncounted(one) || poll?.ended.has(one) === true;
    const tasksOf = (some: typeof others): Set<string> => new Set(some.map(([one]) => one));
    claims.set(task, {
      daemon,
      incarnation,
      at: now(),
      knewPeers: knowPeers.has(incarnation),
      number: (claimCount += 1),
      uncounted: tasksOf(others.filter(([one, { number }]) => poll?.parked.get(one) !== number || isEnded(one))),
      unsized: tasksOf(others.filter(([one]) => poll?.withJob.has(one) !== true || isUncounted(one))),
      hidden: uncountedBy(incarnation),
    });
    const still = (claimants.get(task) ?? []).filter((one) => one !== daemon && isTrackedBy(one, task));
    claimants.set(task, [daemon, ...still]);
    claimed.add(task);
  }

  function tasksWithJob(): Set<string> {
    return new Set(cluster.jobs.filter((job) => isLive(job.state) && !job.isForgotten).map((job) => job.task));
  }

  function tasksWithLateJob(): Set<string> {
    return new Set(cluster.jobs.filter(({ wasInFlight }) => wasInFlight).map((job) => job.task));
  }

  /**
   * The tasks whose job this daemon could not count: those that had returned to their queues before Slurm received their job, and those
   * that were over a moment ago.
   */
  function uncountedBy(incarnation: number): Set<string> {
    const poll = polls.get(incarnation);
    const late = [...tasksWithLateJob()].filter((one) => isReturned(one) && poll?.withJob.has(one) !== true);
    const over = [...(overAt.get(incarnation) ?? [])].filter(([, at]) => now() - at <= OVER_WITHIN_MS);
    return new Set([...late, ...over.map(([one]) => one)]);
  }

  function listJobs(): Pick<Poll, 'withJob' | 'ended'> {
    const live = tasksWithJob();
    const ended = new Set(cluster.jobs.map((job) => job.task).filter((task) => !live.has(task)));
    const inFlight = new Set(cluster.jobs.filter(({ isInFlight }) => isInFlight).map((job) => job.task));
    return { withJob: new Set([...live].filter((task) => !inFlight.has(task))), ended };
  }

  function noteOver(incarnation: number): void {
    const known = overAt.get(incarnation) ?? new Map<string, number>();
    for (const task of tasksWithJob()) if (isUncounted(task)) known.set(task, now());
    overAt.set(incarnation, known);
  }

  function lastClaimOf(tasks: readonly string[]): Claim | undefined {
    const all = tasks.flatMap((task) => claims.get(task) ?? []);
    return all.toSorted((a, b) => a.number - b.number).at(-1);
  }

  /** Whether the daemon knew the size of the jobs of this other task when it made the claim. */
  function knewSize(at: Claim | undefined, other: string): boolean {
    const its = claims.get(other);
    if (at === undefined || its === undefined || its.daemon === at.daemon) return true;
    return !at.unsized.has(other) && its.number < at.number;
  }

  /** How many of these tasks the daemon counted that claimed the last one of them, with this one. */
  function countAtClaim(tasks: readonly string[]): number {
    const last = lastClaimOf(tasks);
    return tasks.filter((task) => last?.uncounted.has(task) !== true).length;
  }

  /** Whether no delay kept the peers from counting the task. */
  function isPrompt(task: string): boolean {
    const its = claims.get(task);
    const soon = parkedSoon.get(task);
    const jobs = cluster.jobs.filter((job) => job.task === task);
    const startedAt = jobs[0]?.startAt ?? Infinity;
    if (its === undefined || !its.knewPeers || soon?.number !== its.number || jobs.length > 1) return false;
    return startedAt - soon.at > STARTED_WITHIN_MS;
  }

  function check(what: string, tasks: readonly string[], limit: number | undefined, task: string): void {
    if (limit === undefined) return;
    const jobs = countAtClaim(tasks);
    if (jobs > limit)
      report(`${named(task)} is submitted although ${what} has the maximum of ${limit} jobs: now ${jobs}`, task);
    const prompt = tasks.filter(isPrompt).length;
    const most = limit + daemons - 1;
    if (prompt > most)
      report(`${named(task)} is submitted although ${daemons} daemons may have ${most} jobs: now ${prompt}`, task);
  }

  function park(incarnation: number, task: string): void {
    const its = claims.get(task);
    parked.set(task, its?.number ?? 0);
    if (its?.incarnation === incarnation && now() - its.at <= PARKED_WITHIN_MS)
      parkedSoon.set(task, { number: its.number, at: now() });
  }

  function noteWorkers(incarnation: number, endpoint: string): void {
    if (['workers.register', 'workers.status_report'].includes(endpoint)) heardAt.set(daemonOf(incarnation), now());
    if (endpoint !== 'workers.get_all') return;
    const others = [...heardAt].filter(
      ([daemon, at]) => daemon !== daemonOf(incarnation) && now() - at < HEARD_WITHIN_MS,
    );
    if (others.length === daemons - 1) knowPeers.add(incarnation);
    else knowPeers.delete(incarnation);
  }

  /** The last job may exceed the limit. @param before how many the other jobs have */
  function checkSize(what: string, before: number, limit: number | undefined, task: string): void {
    if (limit === undefined || before < limit) return;
    report(`${named(task)} is submitted although the jobs have ${before} ${what}, and the maximum is ${limit}`, task);
  }

  return {
    submitting(task, user, incarnation) {
      const expected = unixUsers === undefined ? undefined : OWNERS_USERS[ownerOf(task)];
      if (user !== expected) report(`${named(task)} is submitted as ${user ?? 'the user of the daemon'}`, task);
      const live = [...tasksWithJob()].filter((one) => !isUncounted(one)).concat(task);
      const hidden = lastClaimOf(live)?.hidden;
      const tasks = [...new Set(live)].filter((one) => one === task || hidden?.has(one) !== true);
      check('the cluster', tasks, limits.maxJobs, task);
      const owner = ownerOf(task);
      if (claimed.delete(task)) {
        // A task without a job must be claimed again, so that the limits and pauses of that daemon apply.
        if (claimants.get(task)?.includes(daemonOf(incarnation)) !== true)
          report(`${named(task)} is submitted by a daemon that has not claimed it`, task);
        const before = tasks.filter((one) => one !== task && knewSize(claims.get(task), one)).map(cluster.sizeOf);
        const sum = (of: (size: JobSize) => number): number => before.reduce((total, size) => total + of(size), 0);
        checkSize(
          'nodes',
          sum(({ nodes }) => nodes),
          limits.maxNodes,
          task,
        );
        checkSize(
          'GPUs',
          sum(({ gpus }) => gpus),
          limits.maxGpus,
          task,
        );
      }
      const own = tasks.filter((one) => ownerOf(one) === owner);
      check(owner, own, limits.maxJobsPerUser, task);
    },
    listing(incarnation) {
      if (!listed.has(incarnation)) listed.set(incarnation, listJobs());
    },
    sawCall(incarnation, call) {
      const {
        endpoint,
        lines: [body],
        answer,
      } = call;
      if (isClaim(call) && isGranted(answer)) claim(incarnation, String(body?.['task']));
      if (endpoint === 'queues.add_task' && body?.['queue'] === SCHEDULER_QUEUE)
        park(incarnation, String(body['task']));
      // All claims end.
      if (endpoint === 'queues.add_task' && body?.['queue'] === OWN_QUEUE) claimants.delete(String(body['task']));
      noteWorkers(incarnation, endpoint);
      if (endpoint === 'tasks.get_all') noteOver(incarnation);
      if (endpoint === 'queues.get_all' && body?.['id'] === undefined) {
        beginning.set(incarnation, new Map(parked));
        listed.delete(incarnation);
      }
      if (endpoint === 'workers.get_all') {
        const jobs = listed.get(incarnation) ?? listJobs();
        polls.set(incarnation, { parked: beginning.get(incarnation) ?? new Map(), ...jobs });
      }
      if (isClaim(call) && knowPause.has(incarnation)) report('a daemon claimed a task of a paused queue', undefined);
    },
    readPauses(incarnation) {
      if (isPaused) knowPause.add(incarnation);
      else knowPause.delete(incarnation);
      const pause = { queue: 'own', since: 0, until: null, reason: 'maintenance' };
      return Promise.resolve(isPaused ? [pause] : []);
    },
    togglePause: () => (isPaused = !isPaused),
    isPaused: () => isPaused,
  };
}
