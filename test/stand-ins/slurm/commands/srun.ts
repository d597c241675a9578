// The stand-in's srun inside a job: starts a process for each task of the job, all on this machine, with its rank in the environment.
import { listNodes } from '../node-list.ts';
import { CommandLineError, readCommandLine, type Option } from '../options.ts';
import type { CommandCall, TaskStart } from '../wire.ts';

const TAKES_VALUE = [
  'cpu-bind',
  'cpus-per-task',
  'error',
  'export',
  'gpus',
  'gpus-per-node',
  'gpus-per-task',
  'gres',
  'input',
  'job-name',
  'mem',
  'mem-per-cpu',
  'mpi',
  'nodelist',
  'ntasks-per-node',
  'output',
  'partition',
  'time',
];

const OPTIONS: readonly Option[] = [
  { long: 'nodes', short: 'N', value: 'required' },
  { long: 'ntasks', short: 'n', value: 'required' },
  ...TAKES_VALUE.map((long): Option => ({ long, value: 'required' })),
  { long: 'kill-on-bad-exit', short: 'K', value: 'optional' },
  { long: 'exclusive', value: 'optional' },
  { long: 'exact' },
  { long: 'label', short: 'l' },
  { long: 'overlap' },
  { long: 'pty', value: 'optional' },
  { long: 'quiet', short: 'Q' },
  { long: 'unbuffered', short: 'u' },
  { long: 'verbose', short: 'v' },
  { long: 'wait', short: 'W', value: 'required' },
];

/** The tasks of one step of the job that the caller runs in. @throws CommandLineError */
export function srun({ args, environment }: CommandCall): TaskStart[] {
  const { options, rest } = readCommandLine('srun', args, OPTIONS, true);
  const [program, ...programArgs] = rest;
  if (program === undefined) throw new CommandLineError('srun: fatal: No command given to execute.\n', 1);
  const list = environment['SLURM_JOB_NODELIST'];
  if (list === undefined) throw new CommandLineError('srun: error: this stand-in runs steps only inside a job\n', 1);

  const nodes = listNodes(list).slice(0, number(options.get('nodes')));
  const perNode = number(options.get('ntasks-per-node'));
  const tasks =
    number(options.get('ntasks')) ??
    (perNode === undefined ? undefined : perNode * nodes.length) ??
    (options.has('nodes') ? nodes.length : number(environment['SLURM_NTASKS'])) ??
    nodes.length;
  const onEach = Math.ceil(tasks / nodes.length);

  return Array.from({ length: tasks }, (_, rank) => {
    const node = Math.floor(rank / onEach);
    return {
      program,
      args: programArgs,
      environment: {
        SLURM_NNODES: String(nodes.length),
        SLURM_NODEID: String(node),
        SLURM_NTASKS: String(tasks),
        SLURM_LOCALID: String(rank % onEach),
        SLURM_PROCID: String(rank),
        SLURM_STEP_ID: '0',
        SLURMD_NODENAME: nodes[node] ?? '',
      },
    };
  });
}

function number(text: string | undefined): number | undefined {
  return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text);
}
