// Jobs of a hostile owner on real Slurm: whatever the owner writes into any field, the record has Slurm's own facts or none.
import { expect } from 'chai';
import { SLURM_RELEASES, otherSlurmReleases, type SlurmVersion } from '../set-up/slurm-roots.mjs';
import { SlurmUnavailableError } from '../../src/slurm/errors.ts';
import type { JobId, JobRecord } from '../../src/slurm/scheduler.ts';
import { requireSlurm, requireSlurmVersion } from '../support/skip-unless.ts';
import { sharedCluster } from '../support/shared-cluster.ts';
import { startSlurmCluster, type SlurmCluster } from '../support/slurm-cluster.ts';
import type { ClusterUnderTest } from './contract.ts';
import { openRealCluster } from './open-real-cluster.ts';

const EVIL = '/home/daemon/clearml.conf';
const ON_ONE_LINE = `x StdOut=${EVIL} JobState=COMPLETED Reason=None ExitCode=0:0 Restarts=9 NodeList=evil TimeLimit=9:00 UserId=daemon(1)`;
const LINES = [
  `StdOut=${EVIL}`,
  'JobState=COMPLETED Reason=None Dependency=(null)',
  'Requeue=1 Restarts=9 BatchFlag=1 Reboot=0 ExitCode=0:0',
  'UserId=daemon(1) GroupId=daemon(1) MCS_label=N/A',
  'NodeList=evil',
  'RunTime=00:00:00 TimeLimit=9:00 TimeMin=N/A',
];
const VALUES = [
  ON_ONE_LINE,
  ...LINES.map((line) => `x\n   ${line}`),
  `x\n\n\nJobId=1 JobName=evil\n   ${LINES.join('\n   ')}\n`,
];

/** Every option of sbatch that takes free text, or text that some set-ups do not check. */
const OPTIONS = [
  'account',
  'acctg-freq',
  'batch',
  'bb',
  'chdir',
  'clusters',
  'cluster-constraint',
  'comment',
  'constraint',
  'container',
  'container-id',
  'cpu-freq',
  'cpus-per-gpu',
  'delay-boot',
  'dependency',
  'error',
  'exclude',
  'export',
  'extra',
  'gpu-bind',
  'gpus',
  'gpus-per-node',
  'gres',
  'input',
  'licenses',
  'mail-user',
  'mcs-label',
  'mem-bind',
  'network',
  'nodelist',
  'partition',
  'prefer',
  'qos',
  'reservation',
  'signal',
  'switches',
  'tmp',
  'tres-bind',
  'tres-per-task',
  'wckey',
];
/** Every field of a job that `scontrol update` sets to a text. */
const FIELDS = [
  'Account',
  'AdminComment',
  'BurstBuffer',
  'ClusterFeatures',
  'Comment',
  'Container',
  'Dependency',
  'ExcNodeList',
  'Extra',
  'Features',
  'Gres',
  'JobName',
  'Licenses',
  'MailUser',
  'Network',
  'Partition',
  'Prefer',
  'QOS',
  'ReqNodeList',
  'Reservation',
  'StdErr',
  'StdIn',
  'SystemComment',
  'TresPerNode',
  'WCKey',
  'WorkDir',
];

/** One release in CI, all of them when fuzzing by hand. */
const own = async (): Promise<SlurmVersion[]> => {
  const others: readonly SlurmVersion[] = await otherSlurmReleases();
  const mine = SLURM_RELEASES.map(({ version }) => version).filter((version) => !others.includes(version));
  return process.env['FUZZ_CASES'] === undefined ? mine.slice(0, 1) : [...mine, ...others];
};

for (const version of await own()) {
  describe(`the job record on Slurm ${version}`, () => {
    let opened: SlurmCluster | undefined;
    let cluster: ClusterUnderTest;
    let accepted = 0;

    before(requireSlurm);
    before(requireSlurmVersion(version));
    before(async () => {
      const isShared = process.env['FUZZ_CASES'] === undefined;
      opened = isShared ? undefined : await startSlurmCluster({ version, nodeCount: 1 });
      cluster = openRealCluster(opened ?? (await sharedCluster()));
    });
    after(async () => {
      await cluster.close();
      await opened?.stop();
    });

    /** A held job, with what else it is given; undefined when Slurm refuses that. */
    async function submit(...options: readonly string[]): Promise<JobId | undefined> {
      const output = `--output=${cluster.folder}/%j.out`;
      const args = [
        '--parsable',
        '--hold',
        '--job-name=true-name',
        output,
        '--time=5',
        ...options,
        '--mail-type=END',
        '--wrap=true',
      ];
      const answer = await cluster.run('sbatch', ...args).catch(() => undefined);
      return answer?.trim() as JobId | undefined;
    }

    /** undefined where the scheduler finds it in doubt. */
    async function recordOf(id: JobId): Promise<JobRecord | undefined> {
      try {
        return await cluster.scheduler.record(id);
      } catch (error) {
        if (error instanceof SlurmUnavailableError) return undefined;
        throw error;
      }
    }

    /** Its own facts, or none. */
    function expectTrue(record: JobRecord | undefined, id: JobId, what: string): void {
      if (record?.name !== 'true-name') return;
      expect(record.stateWord, what).to.equal('PENDING');
      expect(record.outputPath, what).to.be.oneOf([`${cluster.folder}/${id}.out`, undefined]);
      expect(record.isOutputInDoubt, what).to.equal(record.outputPath === undefined ? true : undefined);
      expect(record.nodes, what).to.equal(undefined);
      expect(record.timeLimit, what).to.be.oneOf(['00:05:00', undefined]);
      expect(record.restarts, what).to.equal(0);
      expect(record.userId, what).to.be.oneOf([process.getuid?.(), undefined]);
    }

    it('contains no forged value if the user passes hostile text in an option of sbatch (S-60)', async () => {
      for (const option of OPTIONS) {
        for (const value of option === 'comment' ? VALUES : VALUES.slice(0, 2)) {
          const id = await submit(`--${option}=${value}`);
          if (id === undefined) continue;
          accepted += 1;
          // Once more, as the controller may be slow.
          const record = (await recordOf(id)) ?? (await recordOf(id));
          expectTrue(record, id, `--${option}=${value}`);
          // What is on one line forges nothing, and hides nothing either.
          if (value === ON_ONE_LINE) expect(record?.outputPath, option).to.match(/^\/(?!home\/daemon)/);
          await cluster.run('scancel', id);
        }
      }
      expect(accepted).to.be.at.least(8);
    });

    it('contains no forged value if the user sets hostile text with scontrol update (S-60)', async () => {
      const id = (await submit()) ?? expect.fail('no job');
      for (const field of FIELDS) {
        for (const value of field === 'Comment' ? VALUES : VALUES.slice(0, 2)) {
          const isDone = await cluster.run('scontrol', 'update', `JobId=${id}`, `${field}=${value}`).then(
            () => true,
            () => false,
          );
          if (!isDone) continue;
          accepted += 1;
          expectTrue(await recordOf(id), id, `${field}=${value}`);
          if (field === 'JobName') await cluster.run('scontrol', 'update', `JobId=${id}`, 'JobName=true-name');
        }
      }
      await cluster.run('scancel', id);
      if (process.env['FUZZ_CASES'] !== undefined)
        process.stdout.write(`      Slurm ${version} took ${accepted} hostile texts\n`);
      expect(accepted).to.be.at.least(16);
    });
  });
}
