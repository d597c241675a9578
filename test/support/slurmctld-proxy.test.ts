// Checks the proxy that makes sbatch fail although the controller accepted the job.
import { expect } from 'chai';
import { startDelayingProxy, type DelayingProxy } from './slurmctld-proxy.ts';
import { rejection } from './rejection.ts';
import { requireSlurm } from './skip-unless.ts';
import { environmentFor, runSlurm } from './slurm-command.ts';
import { waitUntil } from './wait-until.ts';
import { startSlurmCluster, type SlurmCluster } from './slurm-cluster.ts';

describe('the proxy in front of slurmctld', () => {
  let cluster: SlurmCluster;
  let proxy: DelayingProxy;

  before(requireSlurm);
  before(async () => {
    cluster = await startSlurmCluster({ clusterName: 'behind-proxy', nodeCount: 1 });
    proxy = await startDelayingProxy(cluster.controllerPort);
  });
  afterEach(async () => {
    proxy.mend();
    await cluster.run('scancel', '--me');
  });
  after(async () => {
    await proxy.stop();
    await cluster.stop();
  });

  function throughProxy(program: string, ...args: string[]): Promise<string> {
    return runSlurm(environmentFor(cluster.confThroughPort(proxy.port), process.env), program, args);
  }

  function submit(name: string): Promise<string> {
    return throughProxy('sbatch', '--parsable', '--hold', `--job-name=${name}`, '--output=/dev/null', '--wrap=true');
  }

  async function jobsNamed(name: string): Promise<number> {
    const rows = await cluster.run('squeue', '--noheader', `--name=${name}`, '--format=%i');
    return rows.split('\n').length - 1;
  }

  it('forwards every call while no fault is set', async () => {
    const before = proxy.callCount();

    await submit('whole');

    expect(await jobsNamed('whole')).to.equal(1);
    expect(proxy.callCount()).to.equal(before + 1);
  });

  it('makes sbatch time out after Slurm has created the job', async () => {
    proxy.break({ fault: { kind: 'drop-answers' }, only: 'submissions' });

    const error = await rejection(submit('timed-out'));

    expect(error.message).to.contain('Socket timed out');
    await waitUntil('the job to exist', async () => (await jobsNamed('timed-out')) === 1);
  });

  it('breaks the connection of sbatch after Slurm has created the job', async () => {
    proxy.break({ fault: { kind: 'cut-answers' }, only: 'submissions' });

    await rejection(submit('cut'));

    expect(await jobsNamed('cut')).to.equal(1);
  });

  it('makes sbatch fail before Slurm creates a job', async () => {
    proxy.break({ fault: { kind: 'refuse' }, only: 'submissions' });

    await rejection(submit('refused'));

    expect(await jobsNamed('refused')).to.equal(0);
  });

  it('delays a response by 500 ms', async () => {
    proxy.break({ fault: { kind: 'delay-answers', byMs: 500 } });
    const startedAt = performance.now();

    await submit('late');

    expect(performance.now() - startedAt).to.be.greaterThan(500);
    expect(await jobsNamed('late')).to.equal(1);
  });

  it('injects a fault into one submission, but not into squeue or the next submission', async () => {
    proxy.break({ fault: { kind: 'refuse' }, only: 'submissions', times: 1 });

    await throughProxy('squeue');
    await rejection(submit('first'));
    await submit('second');

    expect(await jobsNamed('second')).to.equal(1);
  });
});
