// scontrol: under which accounts and QOS each partition takes jobs.
import type { Association } from './sacctmgr.ts';

export const SHOW_PARTITIONS_ARGS: readonly string[] = ['--oneliner', 'show', 'partition'];

/** A list that is undefined lets everybody in. */
interface Admission {
  readonly allowed: readonly string[] | undefined;
  /** Counts only where nothing is said of who is allowed (slurm.conf(5), DenyAccounts). */
  readonly denied: readonly string[];
}

export interface PartitionRights {
  readonly name: string;
  readonly accounts: Admission;
  readonly qos: Admission;
  readonly isForRootOnly: boolean;
}

/** How a job may be submitted to a partition: this account, and the QOS to name, where the usual one is not let in. */
export interface Entrance {
  readonly account: string;
  readonly isDefault: boolean;
  readonly qos: string | undefined;
}

export function readPartitionRights(text: string): PartitionRights[] {
  return text.split('\n').flatMap((line) => {
    const fields = new Map(
      line
        .trim()
        .split(' ')
        .map((word): [string, string] => {
          const [, key = '', value = ''] = /^([^=]*)=(.*)$/.exec(word) ?? [];
          return [key, value];
        }),
    );
    const name = fields.get('PartitionName');
    if (name === undefined) return [];
    const admission = (kind: string): Admission => ({
      allowed: readNames(fields.get(`Allow${kind}`)),
      denied: readNames(fields.get(`Deny${kind}`)) ?? [],
    });
    return {
      name,
      accounts: admission('Accounts'),
      qos: admission('Qos'),
      isForRootOnly: fields.get('RootOnly') === 'YES',
    };
  });
}

function readNames(text: string | undefined): string[] | undefined {
  if (text === undefined || text === 'ALL' || text === '(null)') return undefined;
  return text.split(',').filter((name) => name !== '');
}

/**
 * Every way in for the user of these associations, the usual account first. Only for clusters where a job needs an account: on
 * others Slurm asks none of this.
 */
export function entrances(rights: PartitionRights, associations: readonly Association[]): Entrance[] {
  return associations
    .filter(({ account, partition }) => isLetIn(rights.accounts, account) && (partition ?? rights.name) === rights.name)
    .flatMap(({ account, isDefault, qos, defaultQos }): Entrance[] => {
      const usual = defaultQos ?? (qos.includes('normal') ? 'normal' : qos[0]);
      // Where none is named Slurm has its own idea, which nobody can tell from here.
      if (usual === undefined || isLetIn(rights.qos, usual)) return [{ account, isDefault, qos: undefined }];
      const other = qos.find((name) => isLetIn(rights.qos, name));
      return other === undefined ? [] : [{ account, isDefault, qos: other }];
    })
    .toSorted((one, other) => Number(other.isDefault) - Number(one.isDefault));
}

function isLetIn({ allowed, denied }: Admission, name: string): boolean {
  return allowed === undefined ? !denied.includes(name) : allowed.includes(name);
}
