// Lists and look-ups of the jobs of several Unix users: in one call, or as each user if Slurm hides their jobs.
import { expect } from 'chai';
import { CommandTimeoutError } from '../../src/transport/errors.ts';
import { SlurmUnavailableError } from '../../src/slurm/errors.ts';
import type { JobId, JobKey } from '../../src/slurm/scheduler.ts';
import { COLUMNS, MARK, record } from './squeue-records.ts';
import { ALICE, BOB, NAME, createBed, usersIn } from './several-users-bed.ts';

describe('the Slurm client with several Unix users', () => {
  it('lists the jobs of all mapped users with one squeue call', async () => {
    const { scheduler, calls } = createBed();
    await scheduler.facts();
    calls.length = 0;

    expect(usersIn(await scheduler.list(undefined, [ALICE, BOB]))).to.deep.equal(['1 own', '2 alice', '3 bob']);
    expect(calls).to.deep.equal(['squeue']);
  });

  it("runs squeue as each mapped user if Slurm hides other users' jobs", async () => {
    const { scheduler, calls } = createBed({ hidesJobs: true });
    expect(await scheduler.facts()).to.include({ hidesJobs: true });
    calls.length = 0;

    expect(usersIn(await scheduler.list(undefined, [ALICE, BOB]))).to.deep.equal(['1 own', '2 alice', '3 bob']);
    expect(calls).to.deep.equal(['squeue', 'alice squeue', 'bob squeue']);
  });

  it("lists all 200,000 jobs of one user if Slurm hides other users' jobs", async () => {
    const { scheduler, failing } = createBed({ hidesJobs: true });
    await scheduler.facts();
    const ids = Array.from({ length: 200_000 }, (_, index) => String(index + 10));
    const rows = ids.map((id) => [id, id, 'PENDING', 'None', '1795505467', 'N/A', 'N/A', 'gpu', '', NAME]);
    const stdout = [[...COLUMNS, 'NAME'], ...rows].map(record).join('');
    failing.set('alice', { exitCode: 0, killedBy: undefined, stdout, stderr: '' });

    expect(usersIn(await scheduler.list(undefined, [ALICE])))
      .to.have.length(200_001)
      .and.include('200009 alice');
  });

  it("queries job sizes as each mapped user only if Slurm hides other users' jobs", async () => {
    for (const hidesJobs of [false, true]) {
      const { scheduler, calls, refused } = createBed({ hidesJobs });
      await scheduler.facts();
      calls.length = 0;
      if (hidesJobs) refused.add('alice');

      const sizeOf = await scheduler.sizes(undefined, [ALICE, BOB]);

      const listed = [['1'], ['2', 'alice'], ['3', 'bob'], ['4']].filter(
        ([id, unixUser]) => sizeOf({ id: id as JobId, unixUser }) !== undefined,
      );
      expect(listed.map(([id]) => id)).to.deep.equal(hidesJobs ? ['1', '3'] : ['1', '2', '3']);
      expect(sizeOf({ id: '3' as JobId, unixUser: 'bob' })).to.deep.equal({ nodes: 3, gpus: 3 });
      expect(calls).to.deep.equal(hidesJobs ? ['squeue', 'alice squeue', 'bob squeue'] : ['squeue']);
    }
  });

  it("ignores the size of bob's job in the output of a squeue that runs as alice", async () => {
    const { scheduler, failing } = createBed({ hidesJobs: true });
    await scheduler.facts();
    const stdout = ['1', '2', '3']
      .map((id) => [id, '9', '9', 'gres/gpu=9', '', '', ''].map((field) => `${field}|${MARK}`).join(''))
      .join('\n');
    failing.set('alice', { exitCode: 0, killedBy: undefined, stdout, stderr: '' });

    for (const accounts of [
      [ALICE, BOB],
      [BOB, ALICE],
    ]) {
      const sizeOf = await scheduler.sizes(undefined, accounts);
      expect(sizeOf({ id: '1' as JobId })).to.deep.equal({ nodes: 1, gpus: 1 });
      expect(sizeOf({ id: '2' as JobId, unixUser: 'alice' })).to.deep.equal({ nodes: 9, gpus: 9 });
      expect(sizeOf({ id: '3' as JobId, unixUser: 'bob' })).to.deep.equal({ nodes: 3, gpus: 3 });
    }
  });

  it("omits only alice's jobs from the list if sudo refuses to run squeue as alice", async () => {
    const { scheduler, refused } = createBed({ hidesJobs: true });
    refused.add('alice');
    const list = await scheduler.list(undefined, [ALICE, BOB]);
    expect(usersIn(list)).to.deep.equal(['1 own', '3 bob']);
    expect(list)
      .to.have.property('unlisted')
      .that.deep.equals(new Set(['alice']));
  });

  for (const [what, failure] of [
    ['times out', new CommandTimeoutError('/usr/bin/squeue as alice', 1_000, '', '')],
    ['is killed', { exitCode: undefined, killedBy: 'SIGKILL', stdout: '', stderr: '' }],
    ['prints no table', { exitCode: 0, killedBy: undefined, stdout: 'Welcome\n', stderr: '' }],
  ] as const) {
    it(`omits only alice's jobs from the list if the squeue that runs as alice ${what}`, async () => {
      const { scheduler, failing } = createBed({ hidesJobs: true });
      await scheduler.facts();
      failing.set('alice', failure);
      const list = await scheduler.list(undefined, [ALICE, BOB]);
      expect(usersIn(list)).to.deep.equal(['1 own', '3 bob']);
      expect(list)
        .to.have.property('unlisted')
        .that.deep.equals(new Set(['alice']));
    });
  }

  it("marks the jobs of unmapped users in the list of all users' jobs", async () => {
    const list = await createBed().scheduler.listAllUsers(undefined, [ALICE]);
    expect(usersIn(list)).to.deep.equal(['1 own', '2 alice', '3 own', '4 own']);
    expect(list.kind === 'listed' && list.jobs.map(({ isOthers }) => isOthers)).to.deep.equal([
      false,
      false,
      true,
      true,
    ]);
  });

  it('finds a job by name only if the job belongs to the expected user', async () => {
    const { scheduler, calls } = createBed();
    await scheduler.facts();
    calls.length = 0;

    expect(usersIn(await scheduler.lookUp([NAME], 0, undefined, new Map([[NAME, BOB]])))).to.deep.equal(['3 bob']);
    expect(calls).to.deep.equal(['bob sacct', 'squeue', 'scontrol']);
    expect(usersIn(await scheduler.lookUp([NAME], 0))).to.deep.equal(['1 own']);
  });

  it("reports alice's jobs as not listed if sudo refuses to run commands as alice", async () => {
    const { scheduler, refused } = createBed();
    refused.add('alice');
    const list = await scheduler.lookUp([NAME], 0, undefined, new Map([[NAME, ALICE]]));
    expect(list)
      .to.have.property('unlisted')
      .that.deep.equals(new Set(['alice']));
  });

  it("reports only alice's jobs as not listed if sacct times out for alice", async () => {
    const { scheduler, failing } = createBed();
    await scheduler.facts();
    failing.set('alice', new CommandTimeoutError('sacct', 1_000, '', ''));
    const other = `${NAME.slice(0, -4)}ef01`;
    const owners = new Map([
      [other, ALICE],
      [NAME, BOB],
    ]);
    const list = await scheduler.lookUp([other, NAME], 0, undefined, owners);
    expect(usersIn(list)).to.deep.equal(['3 bob']);
    expect(list)
      .to.have.property('unlisted')
      .that.deep.equals(new Set(['alice']));
  });

  for (const [what, row] of [
    ['complete', ['9', NAME, 'COMPLETED', '', 'gpu', 'n1', '1', '2', '3'].join('\x1f')],
    ['incomplete', '9\x1f'],
  ] as const)
    it(`reports only alice's jobs as not listed if the sacct that runs as alice prints 17 MiB of ${what} rows`, async () => {
      const { scheduler, failing } = createBed();
      await scheduler.facts();
      const header = 'JobIDRaw JobName State Reason Partition NodeList Submit Start End'.replaceAll(' ', '\x1f');
      const stdout = `${header}\n${`${row}\n`.repeat(Math.ceil((17 * 2 ** 20) / (row.length + 1)))}`;
      failing.set('alice', { exitCode: 0, killedBy: undefined, stdout, stderr: '' });
      const other = `${NAME.slice(0, -4)}ef01`;
      const owners = new Map([
        [other, ALICE],
        [NAME, BOB],
      ]);

      const list = await scheduler.lookUp([other, NAME], 0, undefined, owners);

      expect(usersIn(list)).to.deep.equal(['3 bob']);
      expect(list)
        .to.have.property('unlisted')
        .that.deep.equals(new Set(['alice']));
    });

  it('does not run sacct for a third user after sacct has failed for two users', async () => {
    const { scheduler, failing, calls } = createBed();
    await scheduler.facts();
    calls.length = 0;
    const down = { exitCode: 1, killedBy: undefined, stdout: '', stderr: 'Connection refused' };
    for (const user of ['alice', 'bob', 'carol']) failing.set(user, down);
    const owners = new Map(
      [ALICE, BOB, { name: 'carol', uid: 1003 }].map((owner, at) => [`${NAME.slice(0, -4)}ef0${at}`, owner]),
    );
    const list = await scheduler.lookUp([...owners.keys()], 0, undefined, owners);
    expect(list.kind).to.equal('failed');
    expect(calls.filter((call) => call.endsWith('sacct'))).to.deep.equal(['alice sacct', 'bob sacct']);
  });

  it("omits only the accounting figures of alice's jobs if sudo refuses to run sacct as alice", async () => {
    const { scheduler, calls, refused } = createBed();
    await scheduler.facts();
    calls.length = 0;
    refused.add('alice');
    const jobs = ['alice', 'bob'].map((unixUser, at) => ({ id: String(at + 2) as JobId, name: NAME, unixUser }));
    const figures = await scheduler.figures(jobs);
    expect([...figures].map(([id, { user }]) => [id, user])).to.deep.equal([['3', 'bob']]);
    expect(calls).to.deep.equal(['alice sacct', 'bob sacct', 'bob sacct']);
  });

  it("omits only the accounting figures of alice's jobs if sacct times out for alice", async () => {
    const { scheduler, failing } = createBed();
    await scheduler.facts();
    failing.set('alice', new CommandTimeoutError('sacct', 1_000, '', ''));
    const jobs = ['alice', 'bob'].map((unixUser, at) => ({ id: String(at + 2) as JobId, name: NAME, unixUser }));
    const figures = await scheduler.figures(jobs);
    expect([...figures].map(([id, { user }]) => [id, user])).to.deep.equal([['3', 'bob']]);
  });

  it('reports accounting as unavailable if sacct times out for two of three users', async () => {
    const { scheduler, calls, failing } = createBed();
    await scheduler.facts();
    calls.length = 0;
    for (const user of ['alice', 'bob']) failing.set(user, new CommandTimeoutError('sacct', 1_000, '', ''));
    const jobs = ['alice', 'bob', 'carol'].map((unixUser, at) => ({
      id: String(at + 2) as JobId,
      name: NAME,
      unixUser,
    }));
    const error = await scheduler.figures(jobs).catch((caught: unknown) => caught);
    expect(error).to.be.instanceOf(SlurmUnavailableError);
    expect(calls).to.deep.equal(['alice sacct', 'bob sacct']);
  });

  it("returns bob's accounting figures even if sacct times out for alice and for carol", async () => {
    const { scheduler, failing } = createBed();
    await scheduler.facts();
    for (const user of ['alice', 'carol']) failing.set(user, new CommandTimeoutError('sacct', 1_000, '', ''));
    const jobsOf = (...users: readonly string[]): JobKey[] =>
      users.map((unixUser) => ({ id: (unixUser === 'bob' ? '3' : '2') as JobId, name: NAME, unixUser }));
    const readFor = async (...users: readonly string[]): Promise<string[]> => [
      ...(await scheduler.figures(jobsOf(...users))).keys(),
    ];
    expect(await readFor('bob', 'alice', 'carol')).to.deep.equal(['3']);
    expect(await readFor('alice', 'carol', 'bob')).to.deep.equal(['3']);
  });

  it('runs scancel as bob even if sudo refuses to run scancel as alice', async () => {
    const { scheduler, calls, refused } = createBed();
    refused.add('alice');
    const jobs = ['alice', 'alice', 'bob'].map((unixUser, at) => ({ id: String(at) as JobId, name: NAME, unixUser }));
    await scheduler.cancel([...jobs, { id: '9' as JobId, name: NAME }]);
    expect(calls).to.deep.equal(['alice scancel', 'bob scancel', 'scancel']);
  });

  for (const [what, failure] of [
    ['times out', new CommandTimeoutError('/usr/bin/scancel as alice', 1_000, '', '')],
    ['fails', { exitCode: 1, killedBy: undefined, stdout: '', stderr: 'scancel: error: Zero Bytes were transmitted' }],
  ] as const) {
    it(`runs scancel as bob even if the scancel that runs as alice ${what}`, async () => {
      const { scheduler, calls, failing } = createBed();
      failing.set('alice', failure);
      const jobs = ['alice', 'bob', 'alice'].map((unixUser, at) => ({ id: String(at) as JobId, name: NAME, unixUser }));
      await scheduler.cancel([...jobs, { id: '9' as JobId, name: NAME }]);
      expect(calls).to.deep.equal(['alice scancel', 'bob scancel', 'scancel']);
    });
  }
});
