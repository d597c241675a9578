// Which queue is served next: by priority or in turn; other agents are not affected.
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { agentPython, requireAgent, requireSlurm } from '../support/skip-unless.ts';
import { QUICK_TEMPLATE } from './templates.ts';
import { startWorld, type World } from './world.ts';

describe('the daemon with two queues', () => {
  before(requireAgent);
  before(requireSlurm);

  it('claims from the second queue only when the first queue is empty', async () => {
    expect(await orderOfJobs([])).to.deep.equal(['high', 'high', 'high', 'low', 'low', 'low']);
  });

  it('alternates between the queues with --order-fairness', async () => {
    expect(await orderOfJobs(['--order-fairness'])).to.deep.equal(['high', 'low', 'high', 'low', 'high', 'low']);
  });

  it('leaves the tasks of another queue to a standard clearml-agent', async () => {
    await using world = await startWorld();
    const ours = await world.user.makeQueue('ours');
    const theirs = await world.user.makeQueue('theirs');
    const template = await world.write('quick.template', QUICK_TEMPLATE);
    const agent = spawn(
      agentPython(),
      ['-m', 'clearml_agent', 'daemon', '--queue', world.nameOf('theirs'), '--foreground'],
      {
        cwd: world.folder,
        env: {
          ...world.environment,
          CLEARML_CONFIG_FILE: join(world.home, 'clearml.conf'),
          CLEARML_AGENT_SKIP_PYTHON_ENV_INSTALL: '1',
          CLEARML_WORKER_ID: world.nameOf('other-agent:0'),
          TMPDIR: world.folder,
        },
        stdio: 'ignore',
      },
    );
    const gone = once(agent, 'exit');
    try {
      world.start('--template-files', template, '--queue', world.nameOf('ours'));
      const [mine, others] = [await world.user.makeTask({}), await world.user.makeTask({})];
      await world.user.enqueue(mine, ours);
      await world.user.enqueue(others, theirs);

      expect((await world.untilStatus(mine, 'completed')).last_worker).to.match(
        new RegExp(`^${world.nameOf('glue')}:slurm:\\d+$`),
      );
      expect((await world.untilStatus(others, 'completed')).last_worker).to.equal(world.nameOf('other-agent:0'));
      expect(await world.jobsOf(others)).to.deep.equal([]);
    } finally {
      agent.kill('SIGKILL');
      await gone;
    }
  });
});

/** Three tasks wait in each of two queues; the order in which their jobs were submitted, by the template's own mark. */
async function orderOfJobs(words: readonly string[]): Promise<string[]> {
  await using world = await startWorld();
  const tasks = new Map<string, string>();
  const templates: string[] = [];
  for (const name of ['high', 'low']) {
    const queue = await world.user.makeQueue(name);
    templates.push(
      await world.write(
        `${name}.template`,
        QUICK_TEMPLATE.replace('#SBATCH --mem', `#SBATCH --comment=${name}\n#SBATCH --hold\n#SBATCH --mem`),
      ),
    );
    for (let count = 0; count < 3; count += 1) {
      const task = await world.user.makeTask({});
      tasks.set(task, name);
      await world.user.enqueue(task, queue);
    }
  }

  const { code, stderr } = await world.run(
    '--template-files',
    ...templates,
    '--queue',
    ...['high', 'low'].map(world.nameOf),
    '--once',
    ...words,
  );

  expect(code, stderr).to.equal(0);
  await commentsAgree(world, tasks);
  return [...stderr.matchAll(/Claimed .*task=(\S+)/g)].map(([, task = '']) => tasks.get(task) ?? 'unknown');
}

/** Each task's job came from its own queue's template. */
async function commentsAgree(world: World, tasks: ReadonlyMap<string, string>): Promise<void> {
  for (const [task, name] of tasks) {
    const [job = ''] = await world.jobsOf(task);
    expect((await world.cluster.run('squeue', '--noheader', '--jobs', job, '--format=%k')).trim()).to.equal(name);
  }
}
