// The core of the whole-run tests on every release of Slurm that the tests know: real Slurm, and the stand-in for the agent.
import { expect } from 'chai';
import { standInAgentPython } from '../stand-ins/agent/stand-in-agent.ts';
import { JOB_EXIT_CODES } from '../../src/sbatch-template/job-script/job-exit-codes.ts';
import { SLURM_RELEASES } from '../set-up/slurm-roots.mjs';
import { startDelayingProxy, type DelayingProxy } from '../support/slurmctld-proxy.ts';
import { requirePython, requireSlurmVersion } from '../support/skip-unless.ts';
import { startSlurmCluster, type SlurmCluster } from '../support/slurm-cluster.ts';
import { waitUntil } from '../support/wait-until.ts';
import { QUICK_TEMPLATE } from './templates.ts';
import { startWorld, type Program, type World } from './world.ts';

const TEMPLATE = QUICK_TEMPLATE.replace(
  '#SBATCH --mem',
  '#SBATCH --begin=${CLEARML_TASK.hyperparams.properties.begin.value:now}\n#SBATCH --mem',
);

const endingAtSecondStart = (trace: string): string => `import os, time
if os.path.exists("${trace}"):
    print("the second start", flush=True)
else:
    open("${trace}", "w").close()
    print("the first start", flush=True)
    time.sleep(3600)
`;

for (const { version } of SLURM_RELEASES) {
  describe(`the daemon on Slurm ${version}`, () => {
    let cluster: SlurmCluster;
    let proxy: DelayingProxy;
    let world: World;
    let daemon: Program;
    let queue: string;

    before(requireSlurmVersion(version));
    before(requirePython);
    before(async () => {
      cluster = await startSlurmCluster({ version, clusterName: 'whole', nodeCount: 2 });
      proxy = await startDelayingProxy(cluster.controllerPort);
      const env = { SLURM_CONF: cluster.confThroughPort(proxy.port) };
      world = await startWorld({ cluster: { ...cluster, env }, python: standInAgentPython() });
      queue = await world.user.makeQueue('quick');
      const template = await world.write('quick.template', TEMPLATE);
      daemon = world.start('--template-files', template, '--queue', world.nameOf('quick'));
    });
    after(async () => {
      await world[Symbol.asyncDispose]();
      await proxy.stop();
      await cluster.stop();
    });

    async function enqueue(code: string, properties: Readonly<Record<string, string>> = {}): Promise<string> {
      const task = await world.user.makeTask({ code, properties });
      await world.user.enqueue(task, queue);
      return task;
    }

    it("completes a task and shows the task's output in the console", async () => {
      const task = await enqueue('print("6 times 7 is", 6 * 7)');

      await world.untilStatus(task, 'completed');

      const [job = ''] = await world.jobsOf(task);
      await world.untilConsole(task, `Slurm job ${job} ended COMPLETED`);
      expect(await world.user.console(task)).to.include('6 times 7 is 42');
    });

    it('reports the exit code of a failed task', async () => {
      const task = await enqueue('import sys; sys.exit(3)');

      await world.untilStatus(task, 'failed');

      const [job = ''] = await world.jobsOf(task);
      await world.untilConsole(task, `Slurm job ${job} ended FAILED (exit code 3)`);
    });

    it('finds the job by its name if the response to sbatch is lost', async () => {
      proxy.break({ fault: { kind: 'drop-answers' }, only: 'submissions', times: 1 });
      const task = await enqueue('print("hello once", flush=True)');

      await world.untilConsole(task, 'ended COMPLETED');

      expect(world.log()).to.include('Submission outcome unknown');
      expect(await world.jobsOf(task)).to.have.length(1);
      expect((await world.user.console(task)).match(/hello once/g)).to.have.length(1);
    });

    it('lets only one of three jobs with the same script run the task', async () => {
      const task = await enqueue('print("I ran", flush=True)', { begin: 'now+1hour' });
      await world.untilConsole(task, 'Submitted as Slurm job');
      const [first = ''] = await world.jobsOf(task);
      const name = (await cluster.run('squeue', '--noheader', `--jobs=${first}`, '--format=%j')).trim();
      const script = await world.write(
        'doubled.sh',
        await cluster.run('scontrol', 'write', 'batch_script', first, '-'),
      );

      // Unseen by the daemon, which would cancel the second and the third while they wait.
      daemon.signal('SIGSTOP');
      const options = ['--parsable', `--job-name=${name}`, `--output=${world.folder}/%j.log`, '--hold', script];
      const others = await Promise.all(
        [1, 2].map(() => cluster.run('env', `HOME=${world.home}`, 'sbatch', ...options)),
      );
      const jobs = [first, ...others.map((id) => id.trim())];
      await cluster.run('scontrol', 'release', jobs.join(','));
      await cluster.run('scontrol', 'update', `JobId=${jobs.join(',')}`, 'StartTime=now');
      await world.untilNoJob(task);
      daemon.signal('SIGCONT');

      await world.untilConsole(task, 'ended COMPLETED');
      const exitCodes = await Promise.all(
        jobs.map(async (job) => /ExitCode=(\d+):/.exec(await cluster.run('scontrol', 'show', 'job', job))?.[1]),
      );
      const { code } = JOB_EXIT_CODES.gateClosed;
      expect(exitCodes.toSorted()).to.deep.equal(['0', String(code), String(code)]);
      expect((await world.user.console(task)).match(/I ran/g)).to.have.length(1);
      expect((await world.user.look(task)).status).to.equal('completed');
    });

    it(`cancels the job of an aborted task, and keeps the task's status "stopped"`, async () => {
      const task = await enqueue('import time\nprint("at work", flush=True)\ntime.sleep(3600)');
      await world.untilConsole(task, 'at work');

      await world.user.api('tasks.stop', { task });

      await world.untilNoJob(task);
      await world.untilStatus(task, 'stopped');
    });

    it('runs a task again if Slurm requeues its job', async () => {
      const task = await enqueue(endingAtSecondStart(`${world.folder}/started`));
      await world.untilConsole(task, 'the first start');
      const [job = ''] = await world.jobsOf(task);

      await cluster.run('scontrol', 'requeue', job);
      const waits = async (): Promise<boolean> => (await world.jobsOf(task, 'PD')).length === 1;
      await waitUntil('the job to wait again', waits, { everyMs: 250 });
      // Slurm lets it wait for two minutes otherwise; in the second of its end the node would refuse it.
      await cluster.run('scontrol', 'update', `JobId=${job}`, 'StartTime=now+2');

      await world.untilStatus(task, 'completed');
      expect((await world.user.console(task)).match(/the second start/g)).to.have.length(1);
    });
  });
}
