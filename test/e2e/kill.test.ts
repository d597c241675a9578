// The daemon is killed after each of its calls in turn, and started again: no task is lost, and none runs twice.
import { expect } from 'chai';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT } from '../../src/base/exit-codes.ts';
import { standInAgentPython } from '../stand-ins/agent/stand-in-agent.ts';
import { bundleProgram } from '../support/bundle-test-program.ts';
import { requirePython, requireSlurm } from '../support/skip-unless.ts';
import { startSlurmCluster } from '../support/slurm-cluster.ts';
import { QUICK_TEMPLATE } from './templates.ts';
import { startWorld } from './world.ts';

/** Worlds at the same time, each with every third call: most of the time their jobs run or wait. */
const AT_ONCE = 3;

const LIVED_ON = 'lived on';

describe('a daemon (killed after each call in turn, then restarted)', function () {
  this.timeout(900_000);
  before(requirePython);
  before(requireSlurm);

  let folder: string;
  let diesAfterCall: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kill-'));
    diesAfterCall = await bundleProgram('test/e2e/die-after-call.ts', folder);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('completes each task in exactly one run (S-02, D-01)', async () => {
    const firstCalls = Array.from({ length: AT_ONCE }, (_, index) => index + 1);
    const results = await Promise.allSettled(firstCalls.map(dieAfterEveryThirdCall));

    for (const result of results) if (result.status === 'rejected') throw result.reason;
    const deaths = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
    expect(deaths.filter((death) => death !== LIVED_ON)).to.have.length.above(20);
  });

  /** Returns the calls after which the daemon died, from this one on, until it makes no more of them. */
  async function dieAfterEveryThirdCall(firstCall: number): Promise<string[]> {
    await using cluster = await startSlurmCluster({ clusterName: `deaths${firstCall}`, nodeCount: 1 });
    await using world = await startWorld({ cluster, python: standInAgentPython() });
    const template = await world.write('quick.template', QUICK_TEMPLATE);
    const queue = await world.user.makeQueue('quick');
    const words = ['--template-files', template, '--queue', world.nameOf('quick')];
    const tasks = new Map<string, string>();

    for (let call = firstCall; ; call += AT_ONCE) {
      const task = await world.user.makeTask({ name: `killed after call ${call}` });
      await world.user.enqueue(task, queue);
      const { stderr } = await world.startOther(diesAfterCall, String(call), template, world.nameOf('quick')).ended;
      const [death = LIVED_ON] = /died after call \d+: \w+/.exec(stderr) ?? [];
      tasks.set(task, death);
      await restartUntilSettled();
      if (death === LIVED_ON) break;
    }

    const daemon = world.start(...words);
    for (const [task, death] of tasks) {
      await world.untilStatus(task, 'completed').catch((error: unknown) => {
        throw new Error(`${death}: ${String(error)}`, { cause: error });
      });
      const runs = (await world.user.console(task)).match(/hello from the task/g);
      expect(runs, death).to.have.length(1);
    }
    // All may have ended before it has begun, and until then a signal just ends it.
    await daemon.untilLogged('Serving');
    await world.stop(daemon);
    return [...tasks.values()];

    async function restartUntilSettled(): Promise<void> {
      for (;;) {
        const { code, stderr } = await world.run(...words, '--once');
        if (code === 0) return;
        expect(code, stderr).to.equal(EXIT.tryAgain);
        await sleep(1_000);
      }
    }
  }
});
