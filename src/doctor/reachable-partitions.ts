// Which partitions take this user's jobs now, under which accounts, and why the others do not. Pure.
import { entrances, type Entrance, type PartitionRights } from '../slurm/partition-rights.ts';
import type { Association } from '../slurm/sacctmgr.ts';
import type { Partition } from '../slurm/sinfo.ts';

export interface ReachablePartition extends Partition {
  /** The accounts to submit under, the usual one first; empty where nobody needs one. */
  readonly entrances: readonly Entrance[];
  /** Behind its name; undefined where it takes jobs. */
  readonly closedBecause: string | undefined;
}

export interface UserRights {
  readonly rights: readonly PartitionRights[];
  readonly accounts: readonly Association[];
  /** Whether a job without an account is refused: only then does Slurm mind accounts and QOS at all. */
  readonly needsAccount: boolean;
}

export function reachablePartitions(
  partitions: readonly Partition[],
  { rights, accounts, needsAccount }: UserRights,
): ReachablePartition[] {
  return partitions.map((partition) => {
    const rule = rights.find(({ name }) => name === partition.name);
    const ways = needsAccount && rule !== undefined ? entrances(rule, accounts) : everywhere(accounts);
    const closedBecause = whyClosed(partition, rule, !needsAccount || ways.length > 0);
    return { ...partition, entrances: ways, closedBecause };
  });
}

/** Where Slurm minds no accounts each is as good as another. */
function everywhere(accounts: readonly Association[]): Entrance[] {
  const sorted = accounts.toSorted((one, other) => Number(other.isDefault) - Number(one.isDefault));
  const once = sorted.filter(({ account }, at) => sorted.findIndex((other) => other.account === account) === at);
  return once.map(({ account, isDefault }) => ({ account, isDefault, qos: undefined }));
}

function whyClosed(
  { isUp, usableNodes }: Partition,
  rule: PartitionRights | undefined,
  hasWay: boolean,
): string | undefined {
  if (!isUp) return 'is not up';
  if (usableNodes === 0) return 'has no usable node';
  if (rule?.isForRootOnly === true) return "takes root's jobs only";
  return hasWay ? undefined : 'takes none of your accounts';
}

/** Slurm's own names never hold more; a name that does would not be one word of a directive. */
export function isPlainName(name: string): boolean {
  return /^[\w.+-]+$/.test(name);
}
