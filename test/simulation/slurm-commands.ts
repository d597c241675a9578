// Slurm's commands for the simulated cluster: they accept real command lines and print Slurm's formats.
import { CommandTimeoutError, ConnectionLostError } from '../../src/transport/errors.ts';
import type { Transport, Command, CommandResult } from '../../src/transport/transport.ts';
import { isLive } from '../../src/slurm/job-state.ts';
import { parseJobName } from '../../src/slurm/job-name.ts';
import type { JobId, SubmitOutcome } from '../../src/slurm/scheduler.ts';
import { workerOf } from '../support/simulated-values.ts';
import { FACTS, logPathOf, type Cluster, type SimJob } from './simulated-slurm.ts';
import type { PendingCalls } from './pending-calls.ts';
import { named } from './queues.ts';

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

function printSubmitted(outcome: SubmitOutcome): CommandResult {
  switch (outcome.kind) {
    case 'accepted':
      return printed(`${outcome.jobId}\n`);
    case 'rejected':
      return refused('sbatch: error: Batch job submission failed: Invalid partition name specified');
    case 'backpressure':
      return refused(
        "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)",
      );
    case 'unavailable':
      return refused(
        'sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)',
      );
    case 'unknown':
      return refused(`sbatch: error: Batch job submission failed: ${outcome.message}`);
  }
}

/** Prints a header and one record for each job, as squeue does. */
function printSqueue(jobs: readonly SimJob[], format: string): string {
  const header = { A: 'JOBID', i: 'JOBID', T: 'STATE', r: 'REASON', V: 'SUBMIT_TIME', S: 'START_TIME' };
  const others = { e: 'END_TIME', P: 'PARTITION', N: 'NODELIST', U: 'USER', j: 'NAME' };
  const rows = jobs.map((job) => ({
    A: job.id,
    i: job.id,
    T: job.state,
    r: reasonOf(job),
    V: seconds(job.submittedAt),
    S: seconds(job.startAt),
    e: seconds(job.endedAt),
    P: 'debug',
    N: nodesOf(job),
    U: uidOf(job.user),
    j: job.name,
  }));
  const print = (row: Readonly<Record<string, string>>): string =>
    format.replace(/%(\w)/g, (_, letter: string) => row[letter] ?? '');
  return [{ ...header, ...others }, ...rows].map((row) => `${print(row)}\n`).join('');
}

/** Prints the fields of each live job, padded and followed by their suffix, as `squeue --Format` does. */
function printSizes(jobs: readonly SimJob[], cluster: Cluster, format: string): string {
  const live = jobs.filter((job) => isLive(job.state));
  const rows = live.map((job) => {
    const { nodes, gpus } = cluster.sizeOf(job.task);
    const row: Readonly<Record<string, string>> = {
      JobID: job.id,
      NumNodes: String(nodes),
      NumTasks: '1',
      'tres-alloc': `cpu=1,node=${nodes},billing=1${gpus === 0 ? '' : `,gres/gpu=${gpus}`}`,
    };
    return format.replace(
      /([\w-]+):(\d+)([^,]*),?/g,
      (_, field: string, width: string, suffix: string) => (row[field] ?? 'N/A').padEnd(Number(width)) + suffix,
    );
  });
  return rows.map((row) => `${row}\n`).join('');
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

function printSacct(jobs: readonly SimJob[], format: string): string {
  const fields = format.split(',');
  const print = (job: SimJob, run: number): string => {
    const isLast = run === job.restarts;
    const row: Readonly<Record<string, string>> = {
      JobIDRaw: job.id,
      JobName: job.name,
      State: isLast ? job.state : 'REQUEUED',
      Reason: 'None',
      Partition: 'debug',
      NodeList: nodesOf(job),
      // Each requeue sets a new submit time.
      Submit: seconds(job.submittedAt + run * 1000),
      Start: seconds(job.startAt),
      End: seconds(job.endedAt),
      ExitCode: `${job.exitCode}:0`,
      Timelimit: '01:00:00',
    };
    return fields.map((field) => row[field] ?? '').join('\x1f');
  };
  const rows = jobs.flatMap((job) => Array.from({ length: job.restarts + 1 }, (_, run) => print(job, run)));
  return [fields.join('\x1f'), ...rows].map((line) => `${line}\n`).join('');
}

function printJob(job: SimJob): string {
  const lines = [
    `JobId=${job.id} JobName=${job.name}`,
    `UserId=${job.user ?? 'us'}(${uidOf(job.user)}) GroupId=us(1000) MCS_label=N/A`,
    `JobState=${job.state} Reason=${reasonOf(job)} Dependency=(null)`,
    `Requeue=1 Restarts=${job.restarts} BatchFlag=1 Reboot=0 ExitCode=${job.exitCode}:0`,
    'RunTime=00:00:00 TimeLimit=01:00:00 TimeMin=N/A',
    `NodeList=${nodesOf(job)}`,
    `StdOut=${logPathOf(job)}`,
  ];
  return `${lines.join('\n   ')}\n   \n\n`;
}

function printConfig({ hasAccounting, hidesJobs }: Pick<SlurmBehavior, 'hasAccounting' | 'hidesJobs'>): string {
  const storage = hasAccounting ? 'accounting_storage/slurmdbd' : '(null)';
  return [
    `AccountingStorageType   = ${storage}`,
    `ClusterName             = ${FACTS.clusterName}`,
    `MessageTimeout          = ${FACTS.messageTimeoutMs / 1000} sec`,
    `MinJobAge               = ${FACTS.minJobAgeMs / 1000} sec`,
    `PrivateData             = ${hidesJobs === true ? 'jobs' : 'none'}`,
    `SLURM_VERSION           = ${FACTS.version}`,
    '',
  ].join('\n');
}

function findShown(cluster: Cluster, id: string): SimJob | undefined {
  return cluster.jobs.findLast((job) => job.id === (id as JobId) && cluster.isShown(job));
}

function reasonOf({ state }: SimJob): string {
  return state === 'PENDING' ? 'Priority' : 'None';
}

function nodesOf({ state }: SimJob): string {
  return state === 'PENDING' ? '' : 'n1';
}

function seconds(at: number | undefined): string {
  return at === undefined ? 'N/A' : String(Math.floor(at / 1000));
}

/** The Unix users other than the daemon's. */
export const UNIX_USERS = [
  { name: 'alice', uid: 2001, home: '/home/alice' },
  { name: 'bob', uid: 2002, home: '/home/bob' },
] as const;

/** More of them, for tests of a cluster with many. */
export const MANY_UNIX_USERS = Array.from({ length: 20 }, (_, n) => ({
  name: `user${n + 1}`,
  uid: 3001 + n,
  home: `/home/user${n + 1}`,
}));

function uidOf(user: string | undefined): string {
  return String([...UNIX_USERS, ...MANY_UNIX_USERS].find(({ name }) => name === user)?.uid ?? 1000);
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

function printed(stdout: string): CommandResult {
  return { exitCode: 0, killedBy: undefined, stdout, stderr: '' };
}

function refused(words: string): CommandResult {
  return { exitCode: 1, killedBy: undefined, stdout: '', stderr: `${words}\n` };
}
