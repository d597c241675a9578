// What the commands of the simulated cluster print, in Slurm's formats.
import type { CommandResult } from '../../src/transport/transport.ts';
import { isLive } from '../../src/slurm/job-state.ts';
import type { SubmitOutcome } from '../../src/slurm/scheduler.ts';
import { FACTS, logPathOf, type Cluster, type SimJob } from './simulated-slurm.ts';
import { uidOf } from './unix-users.ts';

export function printSubmitted(outcome: SubmitOutcome): CommandResult {
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
export function printSqueue(jobs: readonly SimJob[], format: string): string {
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
export function printSizes(jobs: readonly SimJob[], cluster: Cluster, format: string): string {
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

export function printSacct(jobs: readonly SimJob[], format: string): string {
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

export function printJob(job: SimJob): string {
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

export function printConfig({
  hasAccounting,
  hidesJobs,
}: {
  readonly hasAccounting: boolean;
  readonly hidesJobs?: boolean | undefined;
}): string {
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

function reasonOf({ state }: SimJob): string {
  return state === 'PENDING' ? 'Priority' : 'None';
}

function nodesOf({ state }: SimJob): string {
  return state === 'PENDING' ? '' : 'n1';
}

function seconds(at: number | undefined): string {
  return at === undefined ? 'N/A' : String(Math.floor(at / 1000));
}

export function printed(stdout: string): CommandResult {
  return { exitCode: 0, killedBy: undefined, stdout, stderr: '' };
}

export function refused(words: string): CommandResult {
  return { exitCode: 1, killedBy: undefined, stdout: '', stderr: `${words}\n` };
}
