// The options of sbatch that take an amount, and how each reads it: the one table of them.
import type { AmountKind } from '../base/slurm-amount.ts';

const KINDS: Readonly<Record<string, AmountKind>> = {
  time: 'duration',
  'time-min': 'duration',
  mem: 'memory',
  'mem-per-cpu': 'memory',
  'mem-per-gpu': 'memory',
  tmp: 'memory',
  nodes: 'nodes',
  ntasks: 'count',
  'ntasks-per-core': 'count',
  'ntasks-per-gpu': 'count',
  'ntasks-per-node': 'count',
  'ntasks-per-socket': 'count',
  'cpus-per-task': 'count',
  'cpus-per-gpu': 'count',
  'cores-per-socket': 'count',
  'sockets-per-node': 'count',
  'threads-per-core': 'count',
  mincpus: 'count',
  gres: 'gres',
  gpus: 'gpus',
  'gpus-per-node': 'gpus',
  'gpus-per-socket': 'gpus',
  'gpus-per-task': 'gpus',
};

/** Their names. */
export const AMOUNT_OPTIONS: readonly string[] = Object.keys(KINDS);

/**
 * How the option of this long name reads its value; undefined where it is no amount. Like sbatch it takes a name that is
 * cut short; where several begin like that, sbatch takes none.
 */
export function amountKindOf(option: string): AmountKind | undefined {
  const name = Object.hasOwn(KINDS, option) ? option : AMOUNT_OPTIONS.find((known) => known.startsWith(option));
  return name === undefined ? undefined : KINDS[name];
}
