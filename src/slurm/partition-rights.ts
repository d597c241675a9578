// Under which accounts and QOS this user may submit, from sacctmgr, and each partition accepts jobs, from scontrol.

export interface Association {
  readonly cluster: string;
  readonly account: string;
  readonly isDefault: boolean;
  /** undefined: in all partitions. */
  readonly partition: string | undefined;
  readonly qos: readonly string[];
  /** undefined if none is set: then the default of the cluster applies, `normal`. */
  readonly defaultQos: string | undefined;
}

/** The arguments for the associations of one user on all clusters of the database. */
export function showAssociationsArgs(user: string): string[] {
  return [
    '--noheader',
    '--parsable2',
    'show',
    'user',
    'withassoc',
    'where',
    `name=${user}`,
    'format=Cluster,Account,DefaultAccount,Partition,QOS,DefaultQOS',
  ];
}

export function parseAssociations(text: string): Association[] {
  return text.split('\n').flatMap((line) => {
    const [cluster, account, defaultAccount, partition, qos, defaultQos] = line.split('|');
    if (cluster === undefined || account === undefined || qos === undefined || account === '') return [];
    return {
      cluster,
      account,
      isDefault: account === defaultAccount,
      partition: partition === '' ? undefined : partition,
      qos: qos.split(',').filter((name) => name !== ''),
      defaultQos: defaultQos === undefined || defaultQos === '' ? undefined : defaultQos,
    };
  });
}

export const SHOW_PARTITIONS_ARGS: readonly string[] = ['--oneliner', 'show', 'partition'];

/** An undefined list admits everyone. */
interface Admission {
  readonly allowed: readonly string[] | undefined;
  /** Effective only without a list of allowed ones (slurm.conf(5), DenyAccounts). */
  readonly denied: readonly string[];
}

export interface PartitionRights {
  readonly name: string;
  readonly accounts: Admission;
  readonly qos: Admission;
  readonly isForRootOnly: boolean;
}

/** How a job can be submitted to a partition: the account, and the QOS to request if the default one is not admitted. */
export interface Entrance {
  readonly account: string;
  readonly isDefault: boolean;
  readonly qos: string | undefined;
}

export function parsePartitionRights(text: string): PartitionRights[] {
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
      allowed: parseNames(fields.get(`Allow${kind}`)),
      denied: parseNames(fields.get(`Deny${kind}`)) ?? [],
    });
    return {
      name,
      accounts: admission('Accounts'),
      qos: admission('Qos'),
      isForRootOnly: fields.get('RootOnly') === 'YES',
    };
  });
}

function parseNames(text: string | undefined): string[] | undefined {
  if (text === undefined || text === 'ALL' || text === '(null)') return undefined;
  return text.split(',').filter((name) => name !== '');
}

/**
 * All combinations that this user's associations permit, the default account first. Only for clusters where a job needs an
 * account: others do not check any of this.
 */
export function entrances(rights: PartitionRights, associations: readonly Association[]): Entrance[] {
  return associations
    .filter(({ account, partition }) => isLetIn(rights.accounts, account) && (partition ?? rights.name) === rights.name)
    .flatMap(({ account, isDefault, qos, defaultQos }): Entrance[] => {
      const usual = defaultQos ?? (qos.includes('normal') ? 'normal' : qos[0]);
      // Without an account in the request, Slurm chooses one by rules that are not visible here.
      if (usual === undefined || isLetIn(rights.qos, usual)) return [{ account, isDefault, qos: undefined }];
      const other = qos.find((name) => isLetIn(rights.qos, name));
      return other === undefined ? [] : [{ account, isDefault, qos: other }];
    })
    .toSorted((one, other) => Number(other.isDefault) - Number(one.isDefault));
}

function isLetIn({ allowed, denied }: Admission, name: string): boolean {
  return allowed === undefined ? !denied.includes(name) : allowed.includes(name);
}
