// A cluster with one job of each of several Unix users, whose commands can be refused or fail.
import type { Transport, Command, CommandResult } from '../../src/transport/transport.ts';
import { SudoRefusedError } from '../../src/transport/errors.ts';
import { createCommandLineScheduler } from '../../src/slurm/run-slurm-commands.ts';
import type { JobList, Scheduler } from '../../src/slurm/scheduler.ts';
import { silentLog } from '../support/silent-log.ts';
import { SLURM_COMMANDS } from '../support/slurm-command-names.ts';
import { COLUMNS, MARK, record } from './squeue-records.ts';

export const ALICE = { name: 'alice', uid: 1001 };
export const BOB = { name: 'bob', uid: 1002 };
export const NAME = `clearml_task_${'a'.repeat(32)}-m0001abcd`;

const FIGURES_OF_BOB = [
  'JobIDRaw|User|Account|Partition|State|Submit|Start|End|ElapsedRaw|TimelimitRaw|NNodes|AllocCPUS|AllocTRES|NTasks|TotalCPU|MaxRSS|TRESUsageInTot',
  `3|bob|lab|gpu|COMPLETED|1795950590|1795950592|1795950596|4|10|1|2|billing=2,cpu=2,mem=200M,node=1||00:00.578||`,
]
  .map((row) => `${row.replaceAll('|', '\x1f')}\n`)
  .join('');

const NAME_OF_BOB = `JobIDRaw\x1fSubmit\x1fJobName\n3\x1f1795950590\x1f${NAME}\n`;

export interface Bed {
  readonly scheduler: Scheduler;
  readonly calls: string[];
  readonly refused: Set<string>;
  /** By user, or by program: how every call fails. */
  readonly failing: Map<string, Error | CommandResult>;
  /** An admin sets `PrivateData=jobs`. */
  readonly hideJobs: () => void;
}

/** A cluster with one job of each user, all with the same name. */
export function createBed({
  hidesJobs: hidesAtFirst = false,
  now,
  onRun,
}: {
  readonly hidesJobs?: boolean;
  readonly now?: () => number;
  readonly onRun?: (command: Command) => void;
} = {}): Bed {
  let hidesJobs = hidesAtFirst;
  const calls: string[] = [];
  const refused = new Set<string>();
  const failing = new Map<string, Error | CommandResult>();
  const jobs = [
    { id: '1', uid: 990 },
    { id: '2', uid: 1001 },
    { id: '3', uid: 1002 },
    { id: '4', uid: 1003 },
  ];

  function respond({ program, args, runAs }: Command): string {
    const uid = { alice: 1001, bob: 1002 }[runAs ?? ''] ?? 990;
    if (program === '/bin/sh') return 'umask 0022 uid 990\n';
    if (program === 'scontrol') return configOf(hidesJobs);
    if (program === 'sacct' && args.includes('--jobs=3'))
      return args.includes('--allocations') ? NAME_OF_BOB : FIGURES_OF_BOB;
    if (program === 'sacct')
      return 'JobIDRaw\x1fJobName\x1fState\x1fReason\x1fPartition\x1fNodeList\x1fSubmit\x1fStart\x1fEnd\n';
    if (args.some((arg) => arg.startsWith('--Format='))) return sizesOf(args, uid);
    const wanted = args
      .find((arg) => arg.startsWith('--user='))
      ?.slice(7)
      .split(',') ?? [String(uid)];
    const isAll = !args.includes('--me') && !args.some((arg) => arg.startsWith('--user='));
    const withUid = !args.includes('--me');
    const shown = jobs.filter((job) => (isAll || wanted.includes(String(job.uid))) && (!hidesJobs || job.uid === uid));
    const rows = shown.map((job) => [
      job.id,
      job.id,
      'PENDING',
      'None',
      '1795505467',
      'N/A',
      'N/A',
      'gpu',
      '',
      ...(withUid ? [String(job.uid)] : []),
      NAME,
    ]);
    return [[...COLUMNS, ...(withUid ? ['USER'] : []), 'NAME'], ...rows].map(record).join('');
  }

  function sizesOf(args: readonly string[], uid: number): string {
    const uids = args.find((arg) => arg.startsWith('--user='))?.slice(7) ?? String(uid);
    const shown = jobs.filter((job) => uids.split(',').includes(String(job.uid)));
    const fields = (id: string): string[] => [id, id, '1', 'node=1', 'N/A', 'gres:gpu:1', 'N/A'];
    return shown
      .map(
        ({ id }) =>
          `${fields(id)
            .map((field) => `${field} |${MARK}`)
            .join('')}\n`,
      )
      .join('');
  }

  const host: Transport = {
    name: 'this machine',
    close: () => Promise.resolve(),
    run(command): Promise<CommandResult> {
      calls.push([command.runAs ?? '', command.program].filter((word) => word !== '').join(' '));
      const { runAs: user, program } = command;
      onRun?.(command);
      if (user !== undefined && refused.has(user))
        return Promise.reject(new SudoRefusedError({ program, user, host: 'this machine', why: 'no' }));
      const failure = failing.get(user ?? '') ?? failing.get(program);
      if (failure instanceof Error) return Promise.reject(failure);
      if (failure !== undefined) return Promise.resolve(failure);
      return Promise.resolve({ exitCode: 0, killedBy: undefined, stdout: respond(command), stderr: '' });
    },
  };
  const timeouts = { sbatchTimeoutMs: 1_000, commandTimeoutMs: 1_000 };
  const scheduler = createCommandLineScheduler({
    host,
    commands: SLURM_COMMANDS,
    ...timeouts,
    log: silentLog,
    randomToken: () => MARK,
    ...(now === undefined ? {} : { now }),
  });
  return { scheduler, calls, refused, failing, hideJobs: () => void (hidesJobs = true) };
}

function configOf(hidesJobs: boolean): string {
  const settings = {
    AccountingStorageType: 'accounting_storage/slurmdbd',
    ClusterName: 'c1',
    KillWait: '30 sec',
    MessageTimeout: '10 sec',
    MinJobAge: '300 sec',
    PrivateData: hidesJobs ? 'accounts,jobs' : 'none',
    SLURM_VERSION: '22.05.8',
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name.padEnd(23)} = ${value}\n`)
    .join('');
}

export function usersIn(list: JobList): unknown {
  return list.kind === 'listed' ? list.jobs.map(({ id, unixUser }) => `${id} ${unixUser ?? 'own'}`) : list.message;
}
