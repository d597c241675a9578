// What a user does to a task in the web page cancels its job, and the task keeps the status that the user gave it.
import { expect } from 'chai';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { requireAgent, requireSandbox, requireSlurm } from '../support/skip-unless.ts';
import { QUICK_TEMPLATE } from './templates.ts';
import type { NewTask } from '../support/clearml-user.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startWorld, type Program, type World } from './world.ts';

const LONG = 'import time\nprint("working", flush=True)\ntime.sleep(3600)';

interface Act {
  readonly title: string;
  readonly act: (world: World, task: string, otherQueue: string) => Promise<unknown>;
  /** undefined: the task is gone. */
  readonly becomes: string | undefined;
}

const ACTS: readonly Act[] = [
  { title: 'abort', act: ({ user }, task) => user.api('tasks.stop', { task }), becomes: 'stopped' },
  { title: 'reset', act: ({ user }, task) => user.api('tasks.reset', { task, force: true }), becomes: 'created' },
  { title: 'delete', act: ({ user }, task) => user.api('tasks.delete', { task, force: true }), becomes: undefined },
];

const WAITING_ACTS: readonly Act[] = [
  ...ACTS,
  { title: 'dequeue', act: ({ user }, task) => user.api('tasks.dequeue', { task }), becomes: 'created' },
  { title: 'archive', act: ({ user }, task) => user.api('tasks.archive', { tasks: [task] }), becomes: 'created' },
  {
    title: 'move to another queue',
    act: ({ user }, task, queue) => user.api('tasks.enqueue', { task, queue }),
    becomes: 'queued',
  },
];

function statusOrGone(status: string | undefined): string {
  return status === undefined ? 'the task no longer exists' : `the task has the status "${status}"`;
}

describe('the web page action', () => {
  let world: World;
  let daemon: Program;
  let otherQueue: string;
  const tasks = new Map<string, string>();

  before(requireAgent);
  before(requireSlurm);
  before(async () => {
    world = await startWorld();
    const template = await world.write('quick.template', QUICK_TEMPLATE);
    const queue = await world.user.makeQueue('quick');
    otherQueue = await world.user.makeQueue('elsewhere');
    for (const { title } of WAITING_ACTS)
      await enqueue(`${title} while waiting`, { properties: { partition: 'down' } });
    for (const { title } of ACTS) await enqueue(`${title} while running`, { code: LONG });
    daemon = world.start('--template-files', template, '--queue', world.nameOf('quick'));

    async function enqueue(name: string, given: NewTask): Promise<void> {
      const task = await world.user.makeTask({ name, ...given });
      await world.user.enqueue(task, queue);
      tasks.set(name, task);
    }
  });
  after(() => world[Symbol.asyncDispose]());

  for (const { title, act, becomes } of WAITING_ACTS) {
    it(`"${title}" cancels the task's pending job, and ${statusOrGone(becomes)} (C-26)`, async () => {
      const task = tasks.get(`${title} while waiting`) ?? '';
      await world.untilConsole(task, 'its partition is down');

      await act(world, task, otherQueue);

      await expectEnd(task, becomes);
      if (title === 'move to another queue') expect(await world.user.entries(otherQueue)).to.deep.equal([task]);
    });
  }

  for (const { title, act, becomes } of ACTS) {
    it(`"${title}" cancels the task's running job, and ${statusOrGone(becomes)} (C-26)`, async () => {
      const task = tasks.get(`${title} while running`) ?? '';
      await world.untilConsole(task, /^working$/m);

      await act(world, task, otherQueue);

      await expectEnd(task, becomes);
    });
  }

  it('"abort" lets the abort callback of the task finish, even after grace.stop_sec has passed (C-26)', async () => {
    await using patient = await startWorld({ slurm: 'grace.stop_sec: 2' });
    const saved = join(patient.folder, 'saved');
    const callback = await patient.write('save.sh', `echo begun > ${saved}; sleep 15; echo saved > ${saved}\n`);
    const withCallback = `export CLEARML_AGENT_ABORT_CALLBACK_CMD='bash ${callback}' CLEARML_AGENT_ABORT_CALLBACK_CMD_TIMEOUT=120\n`;
    const pre = '${CLEARML_PRE_SETUP}';
    const template = await patient.write('quick.template', QUICK_TEMPLATE.replace(pre, `${withCallback}${pre}`));
    const task = await patient.user.makeTask({ code: LONG });
    await patient.user.enqueue(task, await patient.user.makeQueue('quick'));
    const slow = patient.start('--template-files', template, '--queue', patient.nameOf('quick'));
    await patient.untilConsole(task, /^working$/m);

    await patient.user.api('tasks.stop', { task });

    await patient.untilStatus(task, 'stopped');
    expect(await readFile(saved, 'utf8')).to.equal('saved\n');
    await patient.untilConsole(task, 'ended COMPLETED');
    await patient.stop(slow);
  });

  describe('"abort"', () => {
    before(requireSandbox);

    it('stops the task even if the starting clearml-agent overwrites the abort (C-40)', async () => {
      await using held = await startWorld();
      const { api } = held.user;
      const holdNextStart = (): Promise<unknown> =>
        api('sandbox.fault', { endpoint: 'tasks.started', kind: 'hold', times: 1 });
      const untilHeld = (): Promise<unknown> =>
        waitUntil('the agent to call tasks.started', async () => (await api('sandbox.get_faults', {}))['held'] === 1);
      const journal = join(held.folder, 'state', 'journal.jsonl');
      await holdNextStart();
      const template = await held.write('quick.template', QUICK_TEMPLATE);
      const task = await held.user.makeTask({ code: LONG });
      await held.user.enqueue(task, await held.user.makeQueue('quick'));
      const program = held.start('--template-files', template, '--queue', held.nameOf('quick'));
      await untilHeld();
      // Between its first call and this one, the agent reports: from then on, an abort is a request to it.
      await holdNextStart();
      await api('sandbox.release', {});
      await untilHeld();

      await api('tasks.stop', { task });
      expect(await held.user.look(task)).to.include({ status: 'in_progress', status_message: 'stopping' });
      await waitUntil('the daemon to see the abort', async () =>
        (await readFile(journal, 'utf8')).includes('"stoppingSince"'),
      );
      await api('sandbox.release', {});

      await held.untilStatus(task, 'stopped');
      await held.untilConsole(task, 'The abort was lost because clearml-agent was still starting the task.');
      await held.untilNoJob(task);
      expect((await held.user.look(task)).status).to.equal('stopped');
      await held.stop(program);
    });
  });

  /** The job is gone, and the daemon, having seen that, has left the task as the user made it. */
  async function expectEnd(task: string, becomes: string | undefined): Promise<void> {
    await world.untilNoJob(task);
    await daemon.untilLogged(`Stopped tracking: task and job have ended task=${task}`);
    expect((await world.user.look(task).catch(() => undefined))?.status).to.equal(becomes);
  }
});
