// The contract of Slurm's commands about the jobs of several Unix users, which real Slurm and the stand-in must pass.
import { expect } from 'chai';
import { parseScancel, scancelArgs } from '../../src/slurm/cancel-jobs.ts';
import type { JobId } from '../../src/slurm/scheduler.ts';

export interface UnixUserUnderTest {
  readonly name: string;
  readonly uid: number;
  /** Runs one of Slurm's commands as this user; resolves also if it fails. */
  run(program: string, ...args: readonly string[]): Promise<Ended>;
}

export interface Ended {
  readonly code: number;
  /** Stdout and stderr, without the last line end. */
  readonly output: string;
}

export interface UsersUnderTest {
  /** Users without any privilege in Slurm. */
  readonly alice: UnixUserUnderTest;
  readonly bob: UnixUserUnderTest;
  /** Sets or removes PrivateData=jobs. */
  hideJobs(isHidden: boolean): Promise<void>;
  close(): Promise<void>;
}

const NAME = 'clearml_task_0123456789abcdef0123456789abcdef-test0000';

/** Defines the suite. */
export function defineUsersContract(title: string, open: () => Promise<UsersUnderTest>): void {
  describe(title, () => {
    let alice: UnixUserUnderTest;
    let bob: UnixUserUnderTest;
    let cluster: UsersUnderTest;
    let id: string;

    before(async () => {
      cluster = await open();
      ({ alice, bob } = cluster);
    });
    after(() => cluster.close());

    beforeEach(async () => {
      const args = ['--parsable', '--hold', `--job-name=${NAME}`, '--output=/dev/null', '--wrap=true'];
      const { code, output } = await alice.run('sbatch', ...args);
      expect(code, output).to.equal(0);
      id = output;
    });
    afterEach(() => alice.run('scancel', id));

    async function stateOf(): Promise<string> {
      return (await alice.run('squeue', '--states=all', '--noheader', `--jobs=${id}`, '--format=%T')).output;
    }

    function denied(): Ended {
      return { code: 210, output: `scancel: error: Kill job error on job id ${id}: Access/permission denied` };
    }

    function invalid(program: 'scancel' | 'slurm_load_jobs'): Ended {
      const prefix = program === 'scancel' ? `scancel: error: Kill job error on job id ${id}` : 'slurm_load_jobs error';
      return { code: 1, output: `${prefix}: Invalid job id specified` };
    }

    it('shows the Unix user of each job', async () => {
      const columns = ['--noheader', '--format=%A %u %U %T'];
      const row = { code: 0, output: `${id} ${alice.name} ${alice.uid} PENDING` };

      expect(await bob.run('squeue', ...columns)).to.deep.equal(row);
      expect(await bob.run('squeue', ...columns, `--user=${alice.uid}`)).to.deep.equal(row);
      expect(await bob.run('squeue', ...columns, `--user=${bob.uid},${alice.name}`)).to.deep.equal(row);
      expect(await bob.run('squeue', ...columns, '--me')).to.deep.equal({ code: 0, output: '' });
      expect(await bob.run('squeue', ...columns, `--user=${bob.uid}`)).to.deep.equal({ code: 0, output: '' });
      expect((await bob.run('scontrol', '--oneliner', 'show', 'job', id)).output).to.contain(
        ` UserId=${alice.name}(${alice.uid}) `,
      );
    });

    it('prints an error for squeue --user=no-such-user, but exits with code 0', async () => {
      expect(await bob.run('squeue', '--noheader', '--user=no-such-user')).to.deep.equal({
        code: 0,
        output: 'squeue: error: Invalid user: no-such-user',
      });
    });

    it("lets no user cancel, hold, release or requeue another user's job", async () => {
      expect(await bob.run('scancel', id)).to.deep.equal(denied());
      expect(await bob.run('scancel', ...scancelArgs({ id: id as JobId, name: NAME }))).to.deep.equal(denied());
      expect(await bob.run('scancel', `--name=${NAME}`)).to.deep.equal(denied());
      expect(await bob.run('scancel', `--user=${alice.name}`)).to.deep.equal(denied());
      for (const verb of ['hold', 'release'])
        expect(await bob.run('scontrol', verb, id)).to.deep.equal({
          code: 1,
          output: `Invalid user id for job ${id}\nslurm_suspend error: Invalid user id`,
        });
      expect(await bob.run('scontrol', 'requeue', id)).to.deep.equal({
        code: 1,
        output: `Access/permission denied for job ${id}`,
      });

      expect(await stateOf()).to.equal('PENDING');
    });

    it('lets a user cancel their own job', async () => {
      const { code } = await alice.run('scancel', ...scancelArgs({ id: id as JobId, name: NAME }));

      expect(code).to.equal(0);
      expect(await stateOf()).to.equal('CANCELLED');
    });

    it('rejects sbatch --uid from a user other than root', async () => {
      expect(await bob.run('sbatch', `--uid=${alice.uid}`, '--wrap=true')).to.deep.equal({
        code: 255,
        output: 'sbatch: error: --uid only permitted by root user',
      });
    });

    describe('and PrivateData=jobs', () => {
      before(() => cluster.hideJobs(true));
      after(() => cluster.hideJobs(false));

      it("hides other users' jobs from squeue and scontrol", async () => {
        const columns = ['--noheader', '--states=all', '--format=%A'];
        const empty = { code: 0, output: '' };

        expect((await bob.run('scontrol', 'show', 'config')).output).to.match(/^PrivateData +[=] jobs$/m);
        expect(await bob.run('squeue', ...columns)).to.deep.equal(empty);
        expect(await bob.run('squeue', ...columns, `--user=${alice.uid}`)).to.deep.equal(empty);
        expect(await bob.run('squeue', ...columns, `--jobs=${id}`)).to.deep.equal(invalid('slurm_load_jobs'));
        expect(await bob.run('scontrol', 'show', 'job', id)).to.deep.equal(invalid('slurm_load_jobs'));
        expect(await bob.run('scontrol', 'show', 'job')).to.deep.equal({ code: 0, output: 'No jobs in the system' });
        expect((await alice.run('squeue', ...columns)).output.split('\n')).to.include(id);
      });

      it('prints "Invalid job id" if scancel names the id and the name of another user\'s job', async () => {
        expect(await bob.run('scancel', id)).to.deep.equal(denied());
        const filtered = await bob.run('scancel', ...scancelArgs({ id: id as JobId, name: NAME }));
        expect(filtered).to.deep.equal(invalid('scancel'));
        const result = { exitCode: filtered.code, killedBy: undefined, stdout: '', stderr: filtered.output };
        expect(parseScancel(result)).to.equal(undefined);
        expect(await bob.run('scancel', `--name=${NAME}`)).to.deep.equal({ code: 0, output: '' });
        expect(await stateOf()).to.equal('PENDING');
      });
    });
  });
}
