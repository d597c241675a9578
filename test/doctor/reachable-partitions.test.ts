// Which partitions accept a user's jobs, from recorded output of sinfo, scontrol and sacctmgr of each release.
import { expect } from 'chai';
import { readdirSync } from 'node:fs';
import { reachablePartitions } from '../../src/doctor/reachable-partitions.ts';
import { parseAssociations, parsePartitionRights } from '../../src/slurm/partition-rights.ts';
import { parsePartitions } from '../../src/slurm/sinfo.ts';
import { fixture, FIXTURES } from '../slurm/recorded-output.ts';

for (const release of readdirSync(new URL('recorded/', FIXTURES))) {
  const read = <T>(name: string, reader: (text: string) => T): T => reader(fixture(`recorded/${release}/${name}`));
  const partitions = read('sinfo.txt', parsePartitions);
  const rights = read('partitions.txt', parsePartitionRights);
  const accounts = read('associations.txt', parseAssociations);

  describe(`doctor's list of partitions (Slurm ${release})`, () => {
    it('contains for each partition an account and a QOS, or the reason why the partition is not usable', () => {
      const reachable = reachablePartitions(partitions, { rights, accounts, needsAccount: true }).map(
        ({ name, closedBecause, entrances: [way] }) => [
          name,
          closedBecause ?? `${way?.account} ${way?.qos ?? ''}`.trim(),
        ],
      );

      expect(Object.fromEntries(reachable)).to.deep.equal({
        debug: 'lab',
        short: 'lab',
        low: 'lab',
        cheap: 'lab',
        down: 'is not up',
        inactive: 'is not up',
        members: 'lab',
        others: 'accepts none of your accounts',
        quick: 'lab one-job',
        roots: 'accepts jobs of root only',
        empty: 'has no usable node',
      });
    });

    it('contains a partition without an account if Slurm requires no account', () => {
      const others = reachablePartitions(partitions, { rights, accounts: [], needsAccount: false }).find(
        ({ name }) => name === 'others',
      );

      expect(others).to.include({ closedBecause: undefined }).and.deep.include({ entrances: [] });
    });
  });
}
