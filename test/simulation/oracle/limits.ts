// Checks that limits and pauses hold: from the jobs of the cluster, and not from the program.
import { isLive } from '../../../src/slurm/job-state.ts';
import type { DaemonDeps } from '../../../src/daemon/deps.ts';
import { OWN_QUEUE, named } from '../queues.ts';
import type { Cluster } from '../simulated-slurm.ts';
import type { JobSize } from '../../../src/slurm/scheduler.ts';
import type { RoundLimits } from '../schedule.ts';
import type { CallObserver } from '../server.ts';

export interface LimitOracle {
  /** sbatch starts for this task. */
  submitting(task: string, user: string | undefined): void;
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
  readonly ownerOf: (task: string) => string;
  /** Whether no limit need count the jobs of this task. */
  readonly isUncounted: (task: string) => boolean;
  readonly report: (says: string, task: string | undefined) => void;
}

/** Claims of a daemon that the others may not know of; the program promises no more than its submission pool, 20. */
const IN_FLIGHT = 5;

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
  ownerOf,
  isUncounted,
  report,
}: Facts): LimitOracle {
  let isPaused = false;
  /** The incarnations that read the pause before their current claims. */
  const knowPause = new Set<number>();
  /** Claimed tasks without a submission since. Another submission of a task takes the place of its last one. */
  const claimed = new Set<string>();
  const slack = IN_FLIGHT * (daemons - 1);

  function check(what: string, jobs: number, limit: number | undefined, task: string): void {
    if (limit === undefined || jobs <= limit + slack) return;
    report(`${named(task)} is submitted although ${what} has the maximum of ${limit} jobs: now ${jobs}`, task);
  }

  /** The last job may exceed the limit. @param before how many the other jobs have */
  function checkSize(what: string, before: number, limit: number | undefined, task: string): void {
    if (limit === undefined || before < limit + slack * MOST_OF_JOB) return;
    report(`${named(task)} is submitted although the jobs have ${before} ${what}, and the maximum is ${limit}`, task);
  }

  return {
    submitting(task, user) {
      const expected = unixUsers === undefined ? undefined : OWNERS_USERS[ownerOf(task)];
      if (user !== expected) report(`${named(task)} is submitted as ${user ?? 'the user of the daemon'}`, task);
      const live = cluster.jobs.filter((job) => isLive(job.state) && !job.isForgotten).map((job) => job.task);
      const tasks = [...new Set([...live.filter((one) => !isUncounted(one)), task])];
      check('the cluster', tasks.length, limits.maxJobs, task);
      const owner = ownerOf(task);
      if (claimed.delete(task)) {
        const before = tasks.filter((one) => one !== task).map(cluster.sizeOf);
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
      check(owner, tasks.filter((one) => ownerOf(one) === owner).length, limits.maxJobsPerUser, task);
    },
    sawCall(incarnation, { endpoint, lines: [body], answer }) {
      const isClaim =
        ['queues.get_next_task', 'queues.remove_task'].includes(endpoint) && body?.['queue'] === OWN_QUEUE;
      if (isClaim && (answer['entry'] !== undefined || Number(answer['removed']) > 0))
        claimed.add(String(body['task']));
      if (isClaim && knowPause.has(incarnation)) report('a daemon claimed a task of a paused queue', undefined);
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
