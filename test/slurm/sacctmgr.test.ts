// sacctmgr's lines become the accounts of a user.
import { expect } from 'chai';
import { readAssociations } from '../../src/slurm/sacctmgr.ts';

describe('reading sacctmgr', () => {
  it('tells the account, whether it is the usual one, and where it counts', () => {
    // As Slurm 22.05 printed it; the third line has what a partition's own association adds.
    const text = 'loopback|lab|lab||normal,one-job|normal\nloopback|root|lab||normal|\nother|lab|lab|gpu||\n';

    expect(readAssociations(text)).to.deep.equal([
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

  it('finds none in an empty answer', () => {
    expect(readAssociations('')).to.deep.equal([]);
  });
});
