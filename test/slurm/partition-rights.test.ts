// Who may submit to a partition, and how: by its lists of accounts and QOS, and by the accounts of the user.
import { expect } from 'chai';
import { entrances, readPartitionRights, type Entrance } from '../../src/slurm/partition-rights.ts';
import type { Association } from '../../src/slurm/sacctmgr.ts';

const LAB: Association = {
  cluster: 'lyon',
  account: 'lab',
  isDefault: true,
  partition: undefined,
  qos: ['normal', 'long'],
  defaultQos: undefined,
};
const COURSE: Association = { ...LAB, account: 'course', isDefault: false, qos: ['normal'] };

function waysIn(fields: string, ...associations: readonly Association[]): Entrance[] {
  const [rights] = readPartitionRights(`PartitionName=gpu ${fields} State=UP`);
  if (rights === undefined) throw new Error('no partition was read');
  return entrances(rights, associations);
}

const usual = { account: 'lab', isDefault: true, qos: undefined };
const course = { account: 'course', isDefault: false, qos: undefined };

describe('the ways into a partition', () => {
  for (const [what, fields, associations, expected] of [
    ['all accounts, the usual one first', 'AllowAccounts=ALL AllowQos=ALL', [COURSE, LAB], [usual, course]],
    ['only an account that is allowed', 'AllowAccounts=course,physics AllowQos=ALL', [LAB, COURSE], [course]],
    ['no account that is denied', 'DenyAccounts=course AllowQos=ALL', [LAB, COURSE], [usual]],
    ['no account at all where none is allowed', 'AllowAccounts=physics AllowQos=ALL', [LAB, COURSE], []],
    [
      'a QOS by name, where the usual one is not let in',
      'AllowAccounts=ALL AllowQos=long',
      [LAB],
      [{ ...usual, qos: 'long' }],
    ],
    ['no account without a QOS that is let in', 'AllowAccounts=ALL AllowQos=long', [COURSE], []],
    ['no QOS that is denied', 'AllowAccounts=ALL DenyQos=normal', [LAB], [{ ...usual, qos: 'long' }]],
    [
      'the default QOS of the user, unnamed',
      'AllowAccounts=ALL AllowQos=long',
      [{ ...LAB, defaultQos: 'long' }],
      [usual],
    ],
    ['an account that counts only there', 'AllowAccounts=ALL AllowQos=ALL', [{ ...LAB, partition: 'gpu' }], [usual]],
    ['no account that counts only elsewhere', 'AllowAccounts=ALL AllowQos=ALL', [{ ...LAB, partition: 'cpu' }], []],
    ['an account that names no QOS', 'AllowAccounts=ALL AllowQos=long', [{ ...LAB, qos: [] }], [usual]],
  ] as const) {
    it(`take ${what}`, () => {
      expect(waysIn(fields, ...associations)).to.deep.equal(expected);
    });
  }

  it('are read of no line that is not about a partition', () => {
    expect(readPartitionRights('\nslurm_load_partitions: no such thing\n')).to.deep.equal([]);
  });
});
