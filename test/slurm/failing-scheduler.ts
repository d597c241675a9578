// A scheduler and a stand-in cluster for each test, with injected faults between them.
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { planFault, type Fault } from '../stand-ins/slurm/faults.ts';
import type { StandInSettings } from '../stand-ins/slurm/settings.ts';
import { startStandInCluster, type StandInCluster } from '../stand-ins/slurm/stand-in-cluster.ts';
import type { Job, JobId, JobList, Scheduler, SubmitOutcome } from '../../src/slurm/scheduler.ts';
import { createLocalScheduler, type LoggedLine } from './local-scheduler.ts';

export const JOB_NAME = 'clearml_task_0123456789abcdef0123456789abcdef-mwudl4rwabcd';
export const HELD_SCRIPT = '#!/bin/bash\n#SBATCH --hold\ntrue\n';

export interface FailingScheduler {
  cluster(): StandInCluster;
  scheduler(): Scheduler;
  /** One that finds none of Slurm's commands. */
  schedulerWithoutSlurm(): Scheduler;
  /** What the scheduler has logged. */
  lines(): readonly LoggedLine[];
  /** Another cluster, with these settings. */
  readonly restart: (settings: Partial<StandInSettings>) => Promise<void>;
  readonly plan: (...faults: readonly Fault[]) => void;
  readonly submit: (script?: string, signal?: AbortSignal) => Promise<SubmitOutcome>;
  /** @throws where it was not accepted */
  readonly submitted: (script?: string) => Promise<JobId>;
  readonly lookUp: () => Promise<JobList>;
  /** @throws where the look-up failed */
  readonly found: () => Promise<readonly Job[]>;
}

/** To be called within `describe`: it is set up before each of its tests. */
export function useFailingScheduler(): FailingScheduler {
  let folder: string;
  let cluster: StandInCluster;
  let scheduler: Scheduler;
  let lines: LoggedLine[];

  beforeEach(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'failing-')));
    await start({});
  });

  afterEach(async () => {
    await stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(settings: Partial<StandInSettings>): Promise<void> {
    cluster = await startStandInCluster({ stateDir: join(folder, 'cluster'), settings });
    lines = [];
    scheduler = createLocalScheduler({ folder, commandsDir: cluster.commandsDir, lines });
  }

  async function stop(): Promise<void> {
    await cluster.close();
    rmSync(cluster.stateDir, { recursive: true, force: true });
  }

  async function restart(settings: Partial<StandInSettings>): Promise<void> {
    await stop();
    await start(settings);
  }

  function plan(...faults: readonly Fault[]): void {
    for (const fault of faults) planFault(cluster.stateDir, fault);
  }

  function submit(script = HELD_SCRIPT, signal?: AbortSignal): Promise<SubmitOutcome> {
    return scheduler.submit({ jobName: JOB_NAME, script, ...(signal === undefined ? {} : { signal }) });
  }

  async function submitted(script = HELD_SCRIPT): Promise<JobId> {
    const outcome = await submit(script);
    if (outcome.kind !== 'accepted') throw new Error(outcome.message);
    return outcome.jobId;
  }

  function lookUp(): Promise<JobList> {
    return scheduler.lookUp([JOB_NAME], Date.now() - 3_600_000);
  }

  async function found(): Promise<readonly Job[]> {
    const answer = await lookUp();
    if (answer.kind === 'failed') throw new Error(answer.message);
    return answer.jobs;
  }

  return {
    cluster: () => cluster,
    scheduler: () => scheduler,
    schedulerWithoutSlurm: () => createLocalScheduler({ folder, commandsDir: '/nowhere' }),
    lines: () => lines,
    restart,
    plan,
    submit,
    submitted,
    lookUp,
    found,
  };
}
