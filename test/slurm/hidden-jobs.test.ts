// An admin sets PrivateData=jobs after the daemon has read Slurm's settings: squeue then omits other users' jobs without an error.
import { expect } from 'chai';
import { ALICE, BOB, NAME, createBed, usersIn } from './several-users-bed.ts';

describe('the Slurm client (PrivateData=jobs set while the daemon runs)', () => {
  it('still lists the jobs of mapped users (S-65)', async () => {
    const { scheduler, hideJobs } = createBed();
    await scheduler.facts();
    hideJobs();

    expect(usersIn(await scheduler.listAllUsers(undefined, [ALICE]))).to.deep.equal(['1 own', '2 alice']);
    expect(usersIn(await scheduler.list(undefined, [BOB]))).to.deep.equal(['1 own', '3 bob']);
  });

  it("looks up a job as the job's Unix user (S-65)", async () => {
    const { scheduler, refused, hideJobs } = createBed();
    await scheduler.facts();
    hideJobs();

    expect(usersIn(await scheduler.lookUp([NAME], 0, undefined, new Map([[NAME, BOB]])))).to.deep.equal(['3 bob']);
    refused.add('alice');
    expect(await scheduler.lookUp([NAME], 0, undefined, new Map([[NAME, ALICE]])))
      .to.have.property('unlisted')
      .that.deep.equals(new Set(['alice']));
  });

  it('returns the error of scontrol if scontrol cannot contact the controller', async () => {
    const { scheduler, failing } = createBed();
    await scheduler.facts();
    failing.set('scontrol', {
      exitCode: 1,
      killedBy: undefined,
      stdout: '',
      stderr: 'Unable to contact slurm controller',
    });

    const list = await scheduler.lookUp([NAME], 0, undefined, new Map([[NAME, BOB]]));

    expect(usersIn(list)).to.equal('Unable to contact slurm controller');
  });
});

describe('the Slurm client with PrivateData=jobs', () => {
  it("lists alice's jobs even if the daemon was suspended for three hours during the previous squeue", async () => {
    let nowAt = 0;
    let standsStill = true;
    const { scheduler } = createBed({
      hidesJobs: true,
      now: () => nowAt,
      onRun({ program, runAs }) {
        if (program === 'squeue' && runAs === 'alice' && standsStill) nowAt += 3 * 3_600_000;
      },
    });
    await scheduler.facts();
    await scheduler.list(undefined, [ALICE]);
    standsStill = false;
    nowAt += 15_000;

    expect(usersIn(await scheduler.list(undefined, [ALICE]))).to.deep.equal(['1 own', '2 alice']);
  });
});
