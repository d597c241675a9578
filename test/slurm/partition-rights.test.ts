// Who may submit to a partition, and how: by its lists of accounts and QOS, and by the accounts of the user.
import { expect } from 'chai';
import { type Association, entrances, parsePartitionRights, type Entrance } from '../../src/slurm/partition-rights.ts';

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

describe("a partition's list of permitted accounts and QOS", () => {
  for (const [what, fields, associations, expected] of [
    [
      'contains all accounts, with the default account first, for AllowAccounts=ALL',
      'AllowAccounts=ALL AllowQos=ALL',
      [COURSE, LAB],
      [lab, course],
    ],
    [
      'contains only the accounts that AllowAccounts names',
      'AllowAccounts=course,physics AllowQos=ALL',
      [LAB, COURSE],
      [course],
    ],
    ['omits an account that DenyAccounts names', 'DenyAccounts=course AllowQos=ALL', [LAB, COURSE], [lab]],
    [
      "is empty if AllowAccounts names none of the user's accounts",
      'AllowAccounts=physics AllowQos=ALL',
      [LAB, COURSE],
      [],
    ],
    [
      'names an allowed QOS for an account whose default QOS is not allowed',
      'AllowAccounts=ALL AllowQos=long',
      [LAB],
      [{ ...lab, qos: 'long' }],
    ],
    ['omits an account without an allowed QOS', 'AllowAccounts=ALL AllowQos=long', [COURSE], []],
    ['omits a QOS that DenyQos names', 'AllowAccounts=ALL DenyQos=normal', [LAB], [{ ...lab, qos: 'long' }]],
    [
      'names no QOS for an account whose default QOS is allowed',
      'AllowAccounts=ALL AllowQos=long',
      [{ ...LAB, defaultQos: 'long' }],
      [lab],
    ],
    [
      'contains an account that is valid only in this partition',
      'AllowAccounts=ALL AllowQos=ALL',
      [{ ...LAB, partition: 'gpu' }],
      [lab],
    ],
    [
      'omits an account that is valid only in another partition',
      'AllowAccounts=ALL AllowQos=ALL',
      [{ ...LAB, partition: 'cpu' }],
      [],
    ],
    ['contains an account without a list of QOS', 'AllowAccounts=ALL AllowQos=long', [{ ...LAB, qos: [] }], [lab]],
  ] as const) {
    it(what, () => {
      expect(entrancesOf(fields, ...associations)).to.deep.equal(expected);
    });
  }

  it('is empty if scontrol prints an error instead of a partition', () => {
    expect(parsePartitionRights('\nslurm_load_partitions: no such thing\n')).to.deep.equal([]);
  });
});
