// A task that requests more than its queue permits fails with a message in its console, and no job is submitted for it.
import { expect } from 'chai';
import { requireSlurm } from '../support/skip-unless.ts';
import { QUICK_TEMPLATE } from './templates.ts';
import { startWorld } from './world.ts';

describe('a queue with constraints on user properties', () => {
  before(requireSlurm);

  it('lets a task fail before sbatch if its num_nodes, walltime or memory is forbidden', async () => {
    await using world = await startWorld({
      python: false,
      slurm: (nameOf) => `queues."${nameOf('bound')}" {
        properties { num_nodes { max = 2 }, walltime { max = 30 }, memory = false }
      }`,
    });
    const template = await world.write('bound.template', QUICK_TEMPLATE);
    const bound = world.nameOf('bound');
    const queue = await world.user.makeQueue('bound');
    const section = (name: string, value: string): object => ({ Slurm: { [name]: { section: 'Slurm', name, value } } });
    const wrong = [
      {
        properties: { num_nodes: '3' },
        message: `the user property "num_nodes" is "3", and the queue "${bound}" accepts at most 2`,
      },
      {
        more: { hyperparams: section('walltime', '0') },
        message: `the user property "walltime" is "0", which means no limit, and the queue "${bound}" accepts at most 30 minutes`,
      },
      {
        properties: { memory: '1M' },
        message: `the user property "memory" must not be set for tasks of the queue "${bound}"`,
      },
    ];
    const tasks = await Promise.all(
      wrong.map(async ({ message, ...task }) => ({ message, id: await world.user.makeTask(task) })),
    );
    const right = await world.user.makeTask({ properties: { walltime: '20' } });
    for (const id of [...tasks.map((task) => task.id), right]) await world.user.enqueue(id, queue);

    const { code, stderr } = await world.run('--template-files', template, '--queue', bound, '--once');

    expect(code, stderr).to.equal(0);
    for (const { id, message } of tasks) {
      expect((await world.user.look(id)).status).to.equal('failed');
      await world.untilConsole(id, message);
      expect(await world.jobsOf(id)).to.deep.equal([]);
    }
    const jobs = await world.jobsOf(right);
    await world.cluster.run('scancel', ...jobs);
    expect(jobs).to.have.length(1);
  });
});
