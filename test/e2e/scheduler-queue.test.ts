// A user's actions on the page of the scheduler queue while jobs wait: remove, clear, and move to another queue.
import { expect } from 'chai';
import { standInAgentPython } from '../stand-ins/agent/stand-in-agent.ts';
import { requireSlurm } from '../support/skip-unless.ts';
import { waitUntil } from '../support/wait-until.ts';
import { QUICK_TEMPLATE } from './templates.ts';
import { startWorld } from './world.ts';

const HELD = QUICK_TEMPLATE.replace('#SBATCH --mem', '#SBATCH --hold\n#SBATCH --mem');

describe('the daemon', () => {
  before(requireSlurm);

  it('cancels the job of each task that a user removes or moves from the scheduler queue', async () => {
    await using world = await startWorld({ python: standInAgentPython() });
    const { user } = world;
    const [queue, other] = [await user.makeQueue('held'), await user.makeQueue('elsewhere')];
    const template = await world.write('held.template', HELD);
    const [removed = '', moved = '', ...cleared] = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const task = await user.makeTask({});
        await user.enqueue(task, queue);
        return task;
      }),
    );
    world.start('--template-files', template, '--queue', world.nameOf('held'));
    const tasks = [removed, moved, ...cleared];
    for (const task of tasks) await world.untilConsole(task, 'waits in partition');
    const scheduler = await user.makeQueue('slurm_scheduler');
    const isParked = async (task: string): Promise<boolean> => (await user.entries(scheduler)).includes(task);

    await user.api('queues.remove_task', { queue: scheduler, task: removed, update_task_status: true });
    await user.api('queues.add_task', { queue: other, task: moved });
    await world.untilConsole(moved, /Cancelling Slurm job \d+: the task was moved to another queue\./);
    await waitUntil('the entry to be out of the scheduler queue', async () => !(await isParked(moved)));
    await user.api('queues.clear_queue', { queue: scheduler });

    for (const task of [removed, ...cleared]) {
      await world.untilStatus(task, 'created');
      await world.untilConsole(
        task,
        /Dequeued: the task was removed from the scheduler queue\. Slurm job \d+ is cancelled/,
      );
      await world.untilNoJob(task);
    }
    await world.untilNoJob(moved);
    expect(await user.entries(other)).to.deep.equal([moved]);
    expect(await user.entries(queue)).to.deep.equal([]);
    expect(await user.entries(scheduler)).to.deep.equal([]);
    expect((await user.look(moved)).status).to.equal('queued');
    // No second job was made of any of them.
    for (const task of tasks) expect((await user.console(task)).match(/Submitted as Slurm job/g)).to.have.length(1);
  });
});
