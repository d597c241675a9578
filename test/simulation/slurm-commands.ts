// Slurm's commands for the simulated cluster: they accept real command lines, and slurm-output.ts prints what they answer.
import { CommandTimeoutError, ConnectionLostError } from '../../src/transport/errors.ts';
import type { Transport, Command, CommandResult } from '../../src/transport/transport.ts';
import { isLive } from '../../src/slurm/job-state.ts';
import { parseJobName } from '../../src/slurm/job-name.ts';
import type { JobId } from '../../src/slurm/scheduler.ts';
import { workerOf } from '../support/simulated-values.ts';
import type { Cluster, SimJob } from './simulated-slurm.ts';
import type { PendingCalls } from './pending-calls.ts';
import { named } from './queues.ts';
import {
  printConfig,
  printed,
  printJob,
  printSacct,
  printSizes,
  printSqueue,
  printSubmitted,
  refused,
} from './slurm-output.ts';
import { uidOf } from './unix-users.ts';

/** How commands fail while the controller is away, as observed on real Slurm. */
export const CONTROLLER_FAILURES = ['refused', 'says so with exit code 0', 'hangs', 'way breaks'] as const;
export type ControllerFailure = (typeof CONTROLLER_FAILURES)[number];

export interface SubmissionObserver {
  /** sbatch starts for this task. */
  submitting(task: string, user: string | undefined): void;
  /** Slurm rejects the job of this task. */
  rejected(task: string): void;
  /** squeue lists the jobs. */
  listing(): void;
}

export interface SlurmBehavior extends SubmissionObserver {
  readonly hasAccounting: boolean;
  /** The maximum number of pending and running jobs. */
  readonly jobLimit: number;
  /** Whether squeue and scontrol show each user only their own jobs (PrivateData). */
  readonly hidesJobs?: boolean | undefined;
  /** How this program fails while the controller is away. */
  failure(program: string): ControllerFailure;
  /** Malforms an output. */
  malform?(command: Command, result: CommandResult): CommandResult;
}

interface Around {
  readonly cluster: Cluster;
  readonly calls: PendingCalls;
}

export function createSlurmCommands(
  { cluster, calls }: Around,
  incarnation: number,
  behavior: SlurmBehavior,
): Transport {
  function answer(command: Command): CommandResult {
    switch (command.program) {
      case 'sbatch':
        return sbatch(command);
      case 'squeue':
        return squeue(command);
      case 'sacct':
        return printed(printSacct(chooseForSacct(cluster, command), optionOf(command, 'format')));
      case 'scontrol':
        return scontrol(command);
      case 'scancel':
        return scancel(command);
      case '/bin/sh':
        return printed('umask 0022 uid 1000\n');
      default:
        throw new Error(`the simulated cluster has no ${command.program}`);
    }
  }

  /** The jobs that squeue shows this caller. */
  function shownTo(command: Command): SimJob[] {
    const uids = command.args.includes('--me') ? [uidOf(command.runAs)] : optionOf(command, 'user').split(',');
    return cluster.jobs.filter(
      (job) =>
        cluster.isShown(job) &&
        (uids[0] === '' || uids.includes(uidOf(job.user))) &&
        (behavior.hidesJobs !== true || job.user === command.runAs),
    );
  }

  function squeue(command: Command): CommandResult {
    const shown = shownTo(command);
    const sizeFormat = optionOf(command, 'Format');
    if (sizeFormat !== '') return printed(printSizes(shown, cluster, sizeFormat));
    behavior.listing();
    return printed(printSqueue(shown, optionOf(command, 'format')));
  }

  function sbatch(command: Command): CommandResult {
    const isFull = cluster.jobs.filter((job) => isLive(job.state) && !job.isForgotten).length >= behavior.jobLimit;
    if (isFull) cluster.nextFate = 'backpressure';
    const name = optionOf(command, 'job-name');
    const outcome = cluster.submit(name, workerOf(command.stdin ?? ''), command.runAs);
    if (outcome.kind === 'rejected') behavior.rejected(taskOf(name));
    return printSubmitted(outcome);
  }

  /** As the real one, it takes filters together, and reports an unknown job. */
  function scancel(command: Command): CommandResult {
    const id = command.args.at(-1) ?? '';
    const job = findShown(cluster, id);
    if (job === undefined || !isLive(job.state))
      return refused(`scancel: error: Kill job error on job id ${id}: Invalid job id specified`);
    if (job.user !== command.runAs)
      return refused(`scancel: error: Kill job error on job id ${id}: Access/permission denied`);
    if (job.name === optionOf(command, 'name')) cluster.cancel(job, 'a daemon');
    return printed('');
  }

  function scontrol({ args, runAs }: Command): CommandResult {
    if (args.includes('config')) return printed(printConfig(behavior));
    const job = findShown(cluster, args.at(-1) ?? '');
    const isHidden = behavior.hidesJobs === true && job?.user !== runAs;
    return job === undefined || isHidden
      ? refused('slurm_load_jobs error: Invalid job id specified')
      : printed(printJob(job));
  }

  return {
    name: 'this machine',
    run(command) {
      const isSbatch = command.program === 'sbatch';
      const name = isSbatch ? optionOf(command, 'job-name') : '';
      if (isSbatch) behavior.submitting(taskOf(name), command.runAs);
      return calls.request<CommandResult>({
        owner: incarnation,
        kind: isSbatch ? 'sbatch' : 'slurm',
        endpoint: command.program,
        label: isSbatch
          ? `sbatch of ${named(taskOf(name))}, attempt ${parseJobName(name)?.attempt}`
          : describe(command),
        effect() {
          const result = answer(command);
          return behavior.malform?.(command, result) ?? result;
        },
        lost: (hasHappened) => fail(command, hasHappened, behavior.failure(command.program)),
      });
    },
    close: () => Promise.resolve(),
  };
}

function fail({ program, timeoutMs }: Command, hasHappened: boolean, failure: ControllerFailure): CommandResult {
  // Only a command that was not executed can report that the controller refused the connection.
  if (failure === 'hangs' || (hasHappened && failure === 'refused')) {
    throw new CommandTimeoutError(program, timeoutMs, '', '');
  }
  if (failure === 'way breaks') throw new ConnectionLostError('the connection to this machine was lost');
  if (program === 'sbatch') {
    const words = hasHappened
      ? 'Socket timed out on send/recv operation'
      : 'Unable to contact slurm controller (connect failure)';
    return refused(`sbatch: error: Batch job submission failed: ${words}`);
  }
  const words = 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)';
  return failure === 'refused' ? refused(words) : { ...printed(''), stderr: `${words}\n` };
}

/** Accounting has a job that the controller forgot only if the job had ended. */
function chooseForSacct(cluster: Cluster, command: Command): SimJob[] {
  const names = optionOf(command, 'name').split(',');
  const ids = optionOf(command, 'jobs').split(',');
  const uid = optionOf(command, 'uid');
  return cluster.jobs.filter(
    (job) =>
      (uid === '' || uid === uidOf(job.user)) &&
      (ids[0] === '' ? names.includes(job.name) : ids.includes(job.id)) &&
      (cluster.isShown(job) || job.endedAt !== undefined),
  );
}

function findShown(cluster: Cluster, id: string): SimJob | undefined {
  return cluster.jobs.findLast((job) => job.id === (id as JobId) && cluster.isShown(job));
}

function optionOf({ args }: Command, name: string): string {
  return args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3) ?? '';
}

function taskOf(jobName: string): string {
  return parseJobName(jobName)?.taskId ?? '';
}

function describe({ program, args }: Command): string {
  return program === 'scancel' || program === 'scontrol' ? `${program} ${args.join(' ')}` : program;
}
