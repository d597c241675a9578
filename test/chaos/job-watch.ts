// Watches squeue once a second, records what is new, and repairs what Slurm leaves to operators.
import { setTimeout as sleep } from 'node:timers/promises';
import type { SlurmCluster } from '../support/slurm-cluster.ts';
import type { JobSeen } from './observed-history.ts';

/** The pending and running jobs in one output of squeue. */
export interface Sample {
  readonly at: number;
  readonly jobs: readonly { readonly task: string; readonly job: string }[];
}

export interface Watch {
  /** The outputs of squeue since this time. */
  samplesSince(from: number): readonly Sample[];
  /** The observed states of a task's jobs so far. */
  seenOf(task: string): readonly JobSeen[];
  /** The pending and running jobs by task. Rejects if the controller does not respond. */
  live(): Promise<ReadonlyMap<string, readonly { readonly job: string; readonly state: string }[]>>;
  /**
   * Makes the nodes register. After a kill, slurmctld shows jobs as running that have ended until their nodes register, which
   * otherwise takes minutes.
   */
  letNodesRegister(): Promise<void>;
  stop(): Promise<void>;
}

const OURS = /^clearml_task_([0-9a-f]{32})-/;
const OVER = new Set([
  'COMPLETED',
  'CANCELLED',
  'FAILED',
  'TIMEOUT',
  'NODE_FAIL',
  'PREEMPTED',
  'BOOT_FAIL',
  'DEADLINE',
  'OUT_OF_MEMORY',
]);

const RESUME_EVERY_MS = 10_000;

interface Row {
  readonly job: string;
  readonly state: string;
  readonly reason: string;
  readonly task: string;
}

export function watchJobs(cluster: SlurmCluster, now: () => number): Watch {
  const seen = new Map<string, JobSeen[]>();
  const last = new Map<string, string>();
  const unseenAt = new Map<string, number>();
  const samples: Sample[] = [];
  let askedAt = now();
  let isOver = false;

  async function poll(): Promise<Row[]> {
    const from = now();
    const text = await cluster.run('squeue', '--states=all', '--noheader', '--format=%A|%T|%r|%j');
    const rows = text.split('\n').flatMap((line): Row[] => {
      const [job = '', state = '', reason = '', name = ''] = line.split('|');
      const task = OURS.exec(name)?.[1];
      return task === undefined ? [] : [{ job, state, reason, task }];
    });
    for (const { job, state, reason, task } of rows) {
      const key = `${job} ${task}`;
      if (last.get(key) === `${state} ${reason}`) continue;
      last.set(key, `${state} ${reason}`);
      const since = unseenAt.get(key) ?? askedAt;
      unseenAt.set(key, since);
      seen.set(task, [...(seen.get(task) ?? []), { at: now(), job, state, reason, unseenAt: since }]);
    }
    samples.push({ at: from, jobs: rows.filter(({ state }) => !OVER.has(state)) });
    askedAt = Math.max(askedAt, from);
    return rows;
  }

  /** Slurm delays a requeued job by two minutes, and holds a job that it failed to launch. */
  async function help(rows: readonly Row[]): Promise<void> {
    for (const { job, state, reason } of rows) {
      if (state !== 'PENDING') continue;
      if (reason === 'BeginTime') await cluster.run('scontrol', 'update', `JobId=${job}`, 'StartTime=now+4seconds');
      if (/held/i.test(reason)) await cluster.run('scontrol', 'release', job);
    }
  }

  /** If slurmctld forgets a job and reuses its id, it drains the node of the old job for "Duplicate jobid". */
  async function resumeNodes(): Promise<void> {
    const drained = await cluster.run('sinfo', '--noheader', '--Node', '--states=drain', '--format=%N');
    for (const node of new Set(drained.split('\n').filter((name) => name !== ''))) {
      await cluster.run('scontrol', 'update', `NodeName=${node}`, 'State=RESUME');
    }
  }

  async function watch(): Promise<void> {
    const helped = new Map<string, number>();
    let resumedAt = now();
    while (!isOver) {
      try {
        if (now() - resumedAt > RESUME_EVERY_MS) {
          resumedAt = now();
          await resumeNodes();
        }
        const due = (await poll()).filter(({ job }) => now() - (helped.get(job) ?? 0) > 6_000);
        for (const { job, state } of due) if (state === 'PENDING') helped.set(job, now());
        await help(due);
      } catch {
        // The controller is away; only its output after that counts.
      }
      await sleep(1_000);
    }
  }

  const watching = watch();
  return {
    seenOf: (task) => seen.get(task) ?? [],
    samplesSince: (from) => samples.filter(({ at }) => at >= from),
    async live() {
      const found = new Map<string, { job: string; state: string }[]>();
      for (const { job, state, task } of await poll()) {
        if (!OVER.has(state)) found.set(task, [...(found.get(task) ?? []), { job, state }]);
      }
      return found;
    },
    async letNodesRegister() {
      for (const node of cluster.nodes) await cluster.restartNode(node);
    },
    async stop() {
      isOver = true;
      await watching;
    },
  };
}
