// Finds out how real Slurm interprets an amount: submits a held job with it, and reads the result from scontrol.
import { inParallel } from '../../src/base/in-parallel.ts';
import type { AmountOption } from '../fixtures/slurm/amount-spellings.ts';
import { startSlurmCluster, type SlurmCluster } from './slurm-cluster.ts';
import type { ClusterSettings } from './slurm-conf.ts';

/** The amount in scontrol; undefined if sbatch rejected it. */
export type Understood = string | undefined;

/**
 * A cluster with so much that sbatch refuses an amount only because of how it is written. The nodes are in its
 * configuration alone; jobs are held, so that nobody misses them.
 */
export function startRichCluster(
  wishes: Pick<Partial<ClusterSettings>, 'version' | 'hasAccounting'>,
): Promise<SlurmCluster> {
  return startSlurmCluster({
    ...wishes,
    clusterName: 'rich',
    nodeCount: 1,
    gpusPerNode: 1,
    extraLines: [
      // Only with a database are GPUs counted.
      ...(wishes.hasAccounting === true ? ['AccountingStorageTRES=gres/gpu'] : []),
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
export async function askAmounts(cluster: SlurmCluster, cases: readonly AmountCase[]): Promise<Understood[]> {
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
