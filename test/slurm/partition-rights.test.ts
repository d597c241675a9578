// Who may submit to a partition, and how: by its lists of accounts and QOS, and by the accounts of the user.
import { expect } from 'chai';
import { entrances, parsePartitionRights, type Entrance } from '../../src/slurm/partition-rights.ts';
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

function entrancesOf(fields: string, ...associations: readonly Association[]): Entrance[] {
  const [rights] = parsePartitionRights(`PartitionName=gpu ${fields} State=UP`);
  if (rights === undefined) throw new Error('no partition was read');
  return entrances(rights, associations);
}

const lab = { account: 'lab', isDefault: true, qos: undefined };
const course = { account: 'course', isDefault: false, qos: undefined };

describe('the accounts and QOS that may submit to a partition', () => {
  for (const [what, fields, associations, expected] of [
    ['all accounts, the default account first', 'AllowAccounts=ALL AllowQos=ALL', [COURSE, LAB], [lab, course]],
    ['only allowed accounts', 'AllowAccounts=course,physics AllowQos=ALL', [LAB, COURSE], [course]],
    ['no denied account', 'DenyAccounts=course AllowQos=ALL', [LAB, COURSE], [lab]],
    ['no account if none is allowed', 'AllowAccounts=physics AllowQos=ALL', [LAB, COURSE], []],
    [
      'an account with the name of an allowed QOS if its default QOS is not allowed',
      'AllowAccounts=ALL AllowQos=long',
      [LAB],
      [{ ...lab, qos: 'long' }],
    ],
    ['no account that has no allowed QOS', 'AllowAccounts=ALL AllowQos=long', [COURSE], []],
    ['no denied QOS', 'AllowAccounts=ALL DenyQos=normal', [LAB], [{ ...lab, qos: 'long' }]],
    [
      'an account without the name of a QOS if its default QOS is allowed',
      'AllowAccounts=ALL AllowQos=long',
      [{ ...LAB, defaultQos: 'long' }],
      [lab],
    ],
    [
      'an account that is valid only in this partition',
      'AllowAccounts=ALL AllowQos=ALL',
      [{ ...LAB, partition: 'gpu' }],
      [lab],
    ],
    [
      'no account that is valid only in another partition',
      'AllowAccounts=ALL AllowQos=ALL',
      [{ ...LAB, partition: 'cpu' }],
      [],
    ],
    ['an account without a list of QOS', 'AllowAccounts=ALL AllowQos=long', [{ ...LAB, qos: [] }], [lab]],
  ] as const) {
    it(`include ${what}`, () => {
      expect(entrancesOf(fields, ...associations)).to.deep.equal(expected);
    });
  }

  it('are an empty list if no line describes a partition', () => {
    expect(parsePartitionRights('\nslurm_load_partitions: no such thing\n')).to.deep.equal([]);
  });
});
