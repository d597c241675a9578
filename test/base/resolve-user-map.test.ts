// As which Unix user a task runs: every case of agent.slurm.user_map.
import { expect } from 'chai';
import {
  mappedUsers,
  resolveUserMap,
  unixUserOf,
  type UnixUser,
  type UserMapFacts,
} from '../../src/base/resolve-user-map.ts';

const ALICE = { name: 'alice', uid: 1001, home: '/home/alice' };
const BOB = { name: 'bob', uid: 1002, home: '/home/bob' };

function factsWith(users: readonly UnixUser[] = [], more: Partial<UserMapFacts> = {}): UserMapFacts {
  const all = [ALICE, BOB, { name: 'clearml', uid: 990, home: '/srv/clearml' }, ...users];
  return {
    users: new Map(all.map((user) => [user.name, user])),
    self: { name: 'clearml', uid: 990 },
    people: [
      { id: 'a1', name: 'Alice Smith' },
      { id: 'b2', name: 'Bob' },
      { id: 'b3', name: 'Bob' },
      { id: 'c4', name: 'The daemon' },
    ],
    selfInClearml: 'c4',
    minUid: 1000,
    ...more,
  };
}

describe('the user map', () => {
  const map = resolveUserMap({ a1: 'alice', b2: 'bob' }, factsWith());
  const withDefault = resolveUserMap({ a1: 'alice', default: 'bob' }, factsWith());

  it('returns the Unix user of a mapped owner', () => {
    expect(unixUserOf('a1', map)).to.deep.equal({ kind: 'run as', user: ALICE });
    expect(unixUserOf('b2', map)).to.deep.equal({ kind: 'run as', user: BOB });
  });

  it('returns the default Unix user for an unmapped owner and for a task without an owner', () => {
    for (const owner of ['zz', undefined])
      expect(unixUserOf(owner, withDefault)).to.deep.equal({ kind: 'run as', user: BOB });
  });

  it("rejects a task if the map contains neither the task's owner nor a default", () => {
    const reason = 'ClearML user zz is not in agent.slurm.user_map, and agent.slurm.user_map has no entry "default"';
    expect(unixUserOf('zz', map)).to.deep.equal({ kind: 'rejected', reason });
    const reasonWithoutOwner = 'the task has no ClearML user, and agent.slurm.user_map has no entry "default"';
    expect(unixUserOf(undefined, map)).to.deep.equal({ kind: 'rejected', reason: reasonWithoutOwner });
  });

  it('finds an owner by ClearML name or by ClearML id', () => {
    const named = resolveUserMap({ 'Alice Smith': 'alice' }, factsWith());
    expect(unixUserOf('a1', named)).to.deep.equal({ kind: 'run as', user: ALICE });
  });

  it('rejects an owner whose ClearML name is the ClearML id of a mapped owner', () => {
    const people = [
      { id: 'a1', name: 'Alice' },
      { id: 'm1', name: 'a1' },
    ];
    const named = resolveUserMap({ a1: 'alice' }, factsWith([], { people }));
    expect(unixUserOf('m1', named)).to.include({ kind: 'rejected' });
    expect(unixUserOf('a1', named)).to.deep.equal({ kind: 'run as', user: ALICE });
  });

  it('rejects an owner whose ClearML name is the ClearML id of a deleted user', () => {
    const deleted = '9848dbd7715a4ecba0ef232cd2e3dca3';
    const people = [{ id: 'm1', name: deleted }];
    const resolved = resolveUserMap({ [deleted]: 'alice' }, factsWith([], { people }));
    expect(unixUserOf('m1', resolved)).to.include({ kind: 'rejected' });
    expect(unixUserOf(deleted, resolved)).to.deep.equal({ kind: 'run as', user: ALICE });
  });

  it('uses the entry "default" as the default even if two ClearML users are named "default"', () => {
    const people = ['m1', 'm2'].map((id) => ({ id, name: 'default' }));
    const resolved = resolveUserMap({ a1: 'alice', default: 'bob' }, factsWith([], { people }));
    expect(resolved.problems).to.deep.equal([]);
    for (const owner of ['m1', 'zz', undefined])
      expect(unixUserOf(owner, resolved)).to.deep.equal({ kind: 'run as', user: BOB });
  });

  it("prefers an entry with the owner's ClearML id to an entry with the owner's ClearML name", () => {
    for (const written of [
      { 'Alice Smith': 'bob', a1: 'alice' },
      { a1: 'alice', 'Alice Smith': 'bob' },
    ])
      expect(unixUserOf('a1', resolveUserMap(written, factsWith()))).to.deep.equal({ kind: 'run as', user: ALICE });
  });

  it("permits the daemon's Unix user only as the default, or for the ClearML user of the daemon's API key", () => {
    const own = { kind: 'run as', user: undefined };
    expect(unixUserOf('zz', resolveUserMap({ default: 'clearml' }, factsWith()))).to.deep.equal(own);
    expect(unixUserOf('c4', resolveUserMap({ c4: 'clearml' }, factsWith()))).to.deep.equal(own);
    expect(unixUserOf('a1', resolveUserMap({ a1: 'clearml' }, factsWith()))).to.include({ kind: 'rejected' });
  });

  for (const [what, name, users, reason] of [
    ['does not exist', 'ghost', [], 'ghost is not found on the login node: the user does not exist, or'],
    ['has uid 0 but not the name "root"', 'toor', [{ name: 'toor', uid: 0, home: '/root' }], 'toor is root'],
    [
      'has a uid below agent.slurm.min_uid',
      'games',
      [{ name: 'games', uid: 5, home: '/' }],
      'below agent.slurm.min_uid (1000)',
    ],
    ['has the uid of another Unix user', 'twin', [{ ...ALICE, name: 'twin' }], 'has the same uid as alice'],
    ["has the uid of the daemon's user", 'glue', [{ name: 'glue', uid: 990, home: '/' }], "is the daemon's user"],
  ] as const) {
    it(`rejects the tasks of an owner whose Unix user ${what}`, () => {
      const resolved = resolveUserMap({ a1: name, b2: 'bob' }, factsWith(users));
      expect(unixUserOf('a1', resolved)).to.have.property('reason').that.contains(reason);
      expect(unixUserOf('b2', resolved)).to.deep.equal({ kind: 'run as', user: BOB });
      expect(resolved.problems).to.have.length(1);
    });
  }

  it('rejects both owners if a mapped ClearML name belongs to two ClearML users', () => {
    const resolved = resolveUserMap({ Bob: 'bob', default: 'alice' }, factsWith());
    for (const owner of ['b2', 'b3'])
      expect(unixUserOf(owner, resolved)).to.have.property('reason').that.contains('2 ClearML users have this name');
  });

  it('lists a Unix user only once if two owners are mapped to that user', () => {
    const resolved = resolveUserMap({ a1: 'alice', b2: 'alice', b3: 'ghost', default: 'clearml' }, factsWith());
    expect(mappedUsers(resolved)).to.deep.equal([ALICE]);
  });
});
