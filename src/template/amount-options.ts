// The table of sbatch options that take an amount, with the kind of amount.
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

export const AMOUNT_OPTIONS: readonly string[] = Object.keys(KINDS);

/**
 * The kind of amount of the option with this long name; undefined if it is not an amount. Like sbatch, it accepts an abbreviated name;
 * sbatch rejects an ambiguous one.
 */
export function amountKindOf(option: string): AmountKind | undefined {
  const name = Object.hasOwn(KINDS, option) ? option : AMOUNT_OPTIONS.find((known) => known.startsWith(option));
  return name === undefined ? undefined : KINDS[name];
}
