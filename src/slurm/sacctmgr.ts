// Lists the accounts under which this user may submit, from sacctmgr.

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
