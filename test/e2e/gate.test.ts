// The gate alone: one script submitted five times manually, and the daemon reports no failure.
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { requireAgent, requireSlurm } from '../support/skip-unless.ts';
import { JOB_EXIT_CODES } from '../../src/sbatch-template/job-script/job-exit-codes.ts';
import { QUICK_TEMPLATE } from './templates.ts';
import { startWorld } from './world.ts';

describe('the gate of a task', () => {
  before(requireAgent);
  before(requireSlurm);

  it('lets only one of five jobs with the same script run the task (S-46)', async () => {
    await using world = await startWorld();
    const template = await world.write(
      'held.template',
      QUICK_TEMPLATE.replace('#SBATCH --mem', '#SBATCH --hold\n#SBATCH --mem'),
    );
    const queue = await world.user.makeQueue('quick');
    const task = await world.user.makeTask({ code: 'print("I ran", flush=True)' });
    await world.user.enqueue(task, queue);
    const daemon = world.start('--template-files', template, '--queue', world.nameOf('quick'));
    await world.untilConsole(task, 'Submitted as Slurm job');
    // Of several jobs that wait it would cancel all but one, and none of those would come to the gate.
    daemon.signal('SIGSTOP');
    const [first = ''] = await world.jobsOf(task);

    // By hand: what scontrol shows of the daemon's own job, four times more under the same name.
    const name = (await world.cluster.run('squeue', '--noheader', '--jobs', first, '--format=%j')).trim();
    const script = await world.cluster.run('scontrol', 'write', 'batch_script', first, '-');
    const more = [1, 2, 3, 4].map(() =>
      execFileSync('sbatch', ['--parsable', '--hold', `--job-name=${name}`], {
        input: script,
        cwd: world.folder,
        env: { ...world.environment },
      })
        .toString()
        .trim(),
    );
    const jobs = [first, ...more];
    await world.cluster.run('scontrol', 'release', jobs.join(','));

    await world.untilStatus(task, 'completed');
    await world.untilNoJob(task);
    daemon.signal('SIGCONT');
    await world.untilConsole(task, 'ended COMPLETED');

    const codes = await Promise.all(
      jobs.map(async (job) => /ExitCode=(\d+):/.exec(await world.cluster.run('scontrol', 'show', 'job', job))?.[1]),
    );
    const { code } = JOB_EXIT_CODES.gateClosed;
    expect(codes.toSorted()).to.deep.equal(['0', ...Array.from({ length: 4 }, () => String(code))]);
    const console = await world.user.console(task);
    expect(console.match(/I ran/g)).to.have.length(1);
    expect((await world.user.look(task)).status).to.equal('completed');
    for (const [index, job] of jobs.entries()) {
      if (codes[index] === '0') continue;
      const log = await readFile(`${world.folder}/slurm-${job}.out`, 'utf8').catch(() => '');
      if (log.includes('I ran')) continue;
      expect(log.match(/this job does not run the task/g), log).to.have.length(1);
    }
  });
});
