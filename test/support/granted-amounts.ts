// Submits amounts to real Slurm in held jobs, and parses what Slurm granted from scontrol.
import { inParallel } from '../../src/base/concurrency-limit.ts';
import type { AmountKind } from '../../src/base/slurm-amount.ts';
import { amountKindOf } from '../../src/sbatch-template/directives/sbatch-options.ts';
import type { AmountOption } from '../fixtures/slurm/amount-spellings.ts';
import { startSlurmCluster, type SlurmCluster } from './slurm-cluster.ts';
import type { ClusterSettings } from './slurm-conf.ts';

/** The amount in scontrol; undefined if sbatch rejected it. */
export type GrantedText = string | undefined;

/**
 * A cluster with so much that sbatch refuses an amount only because of how it is written. The nodes are in its
 * configuration alone; jobs are held, so that nobody misses them.
 */
export function startRichCluster(
  options: Pick<Partial<ClusterSettings>, 'version' | 'hasAccounting'>,
): Promise<SlurmCluster> {
  return startSlurmCluster({
    ...options,
    clusterName: 'rich',
    nodeCount: 1,
    gpusPerNode: 1,
    extraLines: [
      // Only with a database are GPUs counted.
      ...(options.hasAccounting === true ? ['AccountingStorageTRES=gres/gpu'] : []),
      'NodeName=rich[1-9000] NodeAddr=127.0.0.1 State=DOWN CPUs=4096 RealMemory=4000000000 TmpDisk=4000000000 Gres=gpu:a100:2000,gpu:h100:2000',
      'PartitionName=rich Nodes=rich[1-9000] MaxTime=UNLIMITED State=UP',
    ],
  });
}

export interface AmountCase {
  readonly option: AmountOption;
  readonly spelling: string;
}

/** In the order of the cases. */
export async function submitAmounts(cluster: SlurmCluster, cases: readonly AmountCase[]): Promise<GrantedText[]> {
  const ids: (string | undefined)[] = [];
  await inParallel(cases.entries(), 4, async ([index, { option, spelling }]) => {
    ids[index] = await submit(cluster, option, spelling);
  });
  const records = recordsById(
    await cluster.run('scontrol', 'show', 'job', '--oneliner'),
    await cluster.run('squeue', '--noheader', '--noconvert', '--format=%i Memory=%m TmpDisk=%d'),
  );
  const submitted = ids.filter((id) => id !== undefined);
  for (let at = 0; at < submitted.length; at += 500) {
    await cluster.run('scancel', ...submitted.slice(at, at + 500));
  }
  return ids.map((id, index) => {
    const record = id === undefined ? undefined : records.get(id);
    return record === undefined ? undefined : fieldOf(record, cases[index]?.option.fields ?? []);
  });
}

async function submit(
  cluster: SlurmCluster,
  { option, besides = [] }: AmountOption,
  spelling: string,
): Promise<string | undefined> {
  const args = [
    '--parsable',
    '--hold',
    '--partition=rich',
    '--output=/dev/null',
    ...besides,
    `--${option}=${spelling}`,
  ];
  try {
    return (await cluster.run('sbatch', ...args, '--wrap=true')).trim();
  } catch {
    return undefined;
  }
}

/** Each followed by the value of squeue, because scontrol rounds memory sizes. */
function recordsById(scontrol: string, squeue: string): ReadonlyMap<string, string> {
  const rows = new Map(squeue.split('\n').map((row) => [row.split(' ')[0] ?? '', row]));
  return new Map(
    scontrol.split('\n').map((record) => {
      const id = /^JobId=(\d+)/.exec(record)?.[1] ?? '';
      return [id, `${record} ${rows.get(id) ?? ''}`];
    }),
  );
}

/** `none` if the record has no such field: Slurm accepted the option and ignored it. */
function fieldOf(record: string, fields: readonly string[]): string {
  const found = fields.flatMap((name) => new RegExp(`[ ,]${name}=([^ ,]*)`).exec(record)?.[1] ?? []);
  return found[0] ?? 'none';
}

/** In the units of our parser. Infinity for no limit; undefined if sbatch rejected it. */
export function parseGrantedAmount({ option }: AmountOption, text: string | null | undefined): number | undefined {
  if (text === undefined || text === null) return undefined;
  // Slurm accepted the option and ignored it.
  if (text === 'none') return 0;
  const kind = amountKindOf(option);
  if (kind === 'duration') return secondsOf(text);
  if (kind === 'memory') return kilobytesOf(text, option);
  return countOf(text, kind);
}

function secondsOf(text: string): number {
  if (text === 'UNLIMITED') return Infinity;
  const [, days = '0', hours, minutes, seconds] = /^(?:(\d+)-)?(\d+):(\d+):(\d+)$/.exec(text) ?? fail(text);
  return ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
}

/** `64000M`, or `gres/gpu:64000`. */
function kilobytesOf(text: string, option: string): number {
  const [, gres, digits, unit] = /^([a-z:/]+:)?(\d+)(M?)$/.exec(text) ?? fail(text);
  if (Number(digits) === 0) return option === 'tmp' ? 0 : Infinity;
  // squeue cuts off what is longer than ten characters.
  return gres === undefined && unit === '' ? Infinity : Number(digits) * 1024;
}

/** `2-8` nodes, `4:0:*:*` tasks, `gres/gpu:4`, `65535`. */
function countOf(text: string, kind: AmountKind | undefined): number {
  const [, count] =
    (kind === 'nodes' ? /^(?:\d+-)?(\d+)$/ : /^(?:[a-z/:]*:)?(-?\d+)(?::0:\*:\*)?$/).exec(text) ?? fail(text);
  return Number(count);
}

function fail(text: string): never {
  throw new RangeError(`"${text}" is no amount of scontrol`);
}
