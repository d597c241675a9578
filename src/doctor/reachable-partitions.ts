// Determines which partitions accept jobs of this user now, under which accounts, and why the others do not.
import { type Association, entrances, type Entrance, type PartitionRights } from '../slurm/partition-rights.ts';
import type { Partition } from '../slurm/sinfo.ts';

export interface ReachablePartition extends Partition {
  /** The accounts to submit under, default first; empty if none is needed. */
  readonly entrances: readonly Entrance[];
  /** To follow its name; undefined if it accepts jobs. */
  readonly closedBecause: string | undefined;
}

export interface UserRights {
  readonly rights: readonly PartitionRights[];
  readonly accounts: readonly Association[];
  /** Whether Slurm rejects a job without an account; otherwise it ignores accounts and QOS. */
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

/** If Slurm ignores accounts, all of them are valid. */
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
  if (rule?.isForRootOnly === true) return 'accepts jobs of root only';
  return hasWay ? undefined : 'accepts none of your accounts';
}

/** Names in Slurm have no other characters; a name with others would not be one token of a directive. */
export function isPlainName(name: string): boolean {
  return /^[\w.+-]+$/.test(name);
}
