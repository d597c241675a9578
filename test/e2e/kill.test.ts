// The daemon is killed after each of its calls in turn, and started again: no task is lost, and none runs twice.
import { expect } from 'chai';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT } from '../../src/base/exit-codes.ts';
import { standInAgentPython } from '../stand-ins/agent/stand-in-agent.ts';
import { requirePython, requireSlurm } from '../support/requires.ts';
import { waitUntil } from '../support/wait-until.ts';
import { QUICK_TEMPLATE } from './templates.ts';
import { startWorld } from './world.ts';

describe('a daemon killed with SIGKILL', function () {
  this.timeout(900_000);
  before(requirePython);
  before(requireSlurm);

  it('S-02 D-01 after any of its calls runs each task once and ends it correctly after a restart', async () => {
    await using world = await startWorld({ python: standInAgentPython() });
    const template = await world.write('quick.template', QUICK_TEMPLATE);
    const queue = await world.user.makeQueue('quick');
    const tasks = new Map<string, string>();

    for (let call = 1; ; call += 1) {
      const task = await world.user.makeTask({ name: `killed after call ${call}` });
      await world.user.enqueue(task, queue);
      const { stderr } = await world.startOther(
        'test/e2e/die-after-call.ts',
        String(call),
        template,
        world.nameOf('quick'),
      ).ended;
      const [death = 'lived on'] = /died after call \d+: \w+/.exec(stderr) ?? [];
      tasks.set(task, death);
      await restartUntilSettled();
      if (death === 'lived on') break;
    }

    const daemon = world.start('--template-files', template, '--queue', world.nameOf('quick'));
    for (const [task, death] of tasks) {
      await world.untilStatus(task, 'completed', 300_000).catch((error: unknown) => {
        throw new Error(`${death}: ${String(error)}`);
      });
      const runs = (await world.user.console(task)).match(/hello from the task/g);
      expect(runs, death).to.have.length(1);
    }
    expect(tasks.size).to.be.above(20);
    // All may have ended before it has begun, and until then a signal just ends it.
    await waitUntil('the daemon to serve', () => daemon.log().includes('Serving'));
    await world.stop(daemon);

    async function restartUntilSettled(): Promise<void> {
      for (;;) {
        const { code, stderr } = await world.run(
          '--template-files',
          template,
          '--queue',
          world.nameOf('quick'),
          '--once',
        );
        if (code === 0) return;
        expect(code, stderr).to.equal(EXIT.tryAgain);
        await sleep(2_000);
      }
    }
  });
});
