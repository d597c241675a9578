// Reads sacctmgr's lines as the accounts of a user.
import { expect } from 'chai';
import { parseAssociations } from '../../src/slurm/partition-rights.ts';

describe("parseAssociations (a user's accounts from sacctmgr)", () => {
  it('returns each account with cluster, partition and QOS, and marks the default account', () => {
    // As Slurm 22.05 printed it; the third line has what a partition's own association adds.
    const text = 'loopback|lab|lab||normal,one-job|normal\nloopback|root|lab||normal|\nother|lab|lab|gpu||\n';

    expect(parseAssociations(text)).to.deep.equal([
      {
        cluster: 'loopback',
        account: 'lab',
        isDefault: true,
        partition: undefined,
        qos: ['normal', 'one-job'],
        defaultQos: 'normal',
      },
      {
        cluster: 'loopback',
        account: 'root',
        isDefault: false,
        partition: undefined,
        qos: ['normal'],
        defaultQos: undefined,
      },
      { cluster: 'other', account: 'lab', isDefault: true, partition: 'gpu', qos: [], defaultQos: undefined },
    ]);
  });

  it('returns no accounts for empty output', () => {
    expect(parseAssociations('')).to.deep.equal([]);
  });
});
