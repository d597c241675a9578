// `doctor` on a real cluster with accounting: it finds each problem, and nothing after the repair.
import { expect } from 'chai';
import { userInfo } from 'node:os';
import { CLUSTER_PROBLEMS } from '../doctor/cluster-problems.ts';
import { ONE_JOB_QOS } from '../support/slurm-accounting.ts';
import { requireAccounting } from '../support/skip-unless.ts';
import { startSlurmCluster, type SlurmCluster } from '../support/slurm-cluster.ts';
import { waitUntil } from '../support/wait-until.ts';
import { readReport, type DoctorReport } from './doctor-report.ts';
import { openCliWithSandbox, type CliWithSandbox } from './cli-with-sandbox.ts';

describe('doctor (cluster with accounting)', () => {
  const { username } = userInfo();
  let cluster: SlurmCluster;
  let cli: CliWithSandbox;

  before(requireAccounting);
  before(async () => {
    cluster = await startSlurmCluster({ hasAccounting: true, nodeCount: 2 });
    cli = await openCliWithSandbox(`agent.slurm.slurm_conf: "${cluster.slurmConf}"`);
  });
  after(async () => {
    await cli[Symbol.asyncDispose]();
    await cluster.stop();
  });

  const ask = async (): Promise<DoctorReport> => readReport(await cli.run('doctor', '--json', '--queue', 'default'));

  /** After a restart of the controller, and after earlier problems, the nodes need a moment. */
  const untilClean = (): Promise<DoctorReport> =>
    waitUntil('doctor to find nothing', () =>
      ask().then((report) => (report.failed.length === 0 ? report : undefined)),
    );

  it('runs the probe job in another partition if the default partition rejects the account', async () => {
    await cluster.run('scontrol', 'update', 'PartitionName=debug', 'AllowAccounts=physics');
    await cluster.run('scontrol', 'update', 'PartitionName=short', `AllowQos=${ONE_JOB_QOS}`);
    try {
      const { row } = readReport(await cli.run('doctor', '--json', '--queue', 'default', '--on-node'));

      expect(row('partitions').says).to.match(/^short, low, cheap; debug accepts none of your accounts;/);
      expect(row('probe-job')).to.include({ result: 'ok' });
    } finally {
      await cluster.run('scontrol', 'update', 'PartitionName=debug', 'AllowAccounts=ALL');
      await cluster.run('scontrol', 'update', 'PartitionName=short', 'AllowQos=ALL');
    }
  });

  for (const problem of CLUSTER_PROBLEMS) {
    it(`reports only this problem: ${problem.what}`, async () => {
      await untilClean();
      await problem.seed(cluster, username);
      try {
        const report = await ask();

        const mismatch = report.mismatch(problem);
        expect(mismatch, mismatch).to.equal(undefined);
        expect(report.code).to.equal(1);
      } finally {
        await problem.mend(cluster, username);
      }
    });
  }

  it('reports no problem after all problems are repaired', async () => {
    const { row } = await untilClean();

    expect(row('accounts').says).to.include('lab (default)');
    expect(row('partitions').says).to.match(
      /^debug \(default\), short, low, cheap; down is not up; inactive is not up$/,
    );
  });
});
