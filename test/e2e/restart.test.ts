// The daemon is killed while a task runs and another is queued; the next daemon completes both.
import { expect } from 'chai';
import { join } from 'node:path';
import { requireAgent, requireSlurm } from '../support/skip-unless.ts';
import { QUICK_TEMPLATE } from './templates.ts';
import { startWorld } from './world.ts';

describe('a daemon that is killed with SIGKILL', () => {
  before(requireAgent);
  before(requireSlurm);

  it('leaves its job running, and the restarted daemon runs no task twice (D-01)', async () => {
    await using world = await startWorld();
    const args = [
      '--template-files',
      await world.write('quick.template', QUICK_TEMPLATE),
      '--queue',
      world.nameOf('quick'),
    ];
    const queue = await world.user.makeQueue('quick');
    const mark = join(world.folder, 'may-end');
    const runs = await world.user.makeTask({
      code: `import os, time\nprint("begun", flush=True)\nwhile not os.path.exists("${mark}"): time.sleep(0.1)`,
    });
    await world.user.enqueue(runs, queue);
    const killed = world.start(...args);
    await world.untilConsole(runs, 'begun');

    killed.signal('SIGKILL');
    await killed.ended;
    const waits = await world.user.makeTask({ code: 'print("begun")' });
    await world.user.enqueue(waits, queue);
    const daemon = world.start(...args);
    await world.untilStatus(waits, 'completed');
    expect((await world.user.look(runs)).status).to.equal('in_progress');
    await world.write('may-end', '');
    await world.untilStatus(runs, 'completed');

    for (const task of [runs, waits]) {
      await world.untilConsole(task, 'ended COMPLETED');
      expect((await world.user.console(task)).match(/^begun$/gm)).to.have.length(1);
      expect(await world.jobsOf(task)).to.have.length(1);
    }
    await world.stop(daemon);
  });
});
