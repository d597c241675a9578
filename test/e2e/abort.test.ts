// What a user does to a task in the web page ends its job, and the task stays what the user made of it.
import { expect } from 'chai';
import { requireAgent, requireSlurm } from '../support/requires.ts';
import { waitUntil } from '../support/wait-until.ts';
import { QUICK_TEMPLATE } from './templates.ts';
import { startWorld, type World } from './world.ts';

const LONG = 'import time\nprint("working", flush=True)\ntime.sleep(600)';

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

describe('what a user does to a task in the web page', function () {
  this.timeout(120_000);
  before(requireAgent);
  before(requireSlurm);

  for (const { title, act, becomes } of WAITING_ACTS) {
    it(`${title} while the job waits: the job is gone, the task is ${becomes ?? 'gone'}`, async () => {
      await using world = await startWorld();
      const { task, otherQueue } = await begin(world, { properties: { partition: 'down' } });
      await world.untilConsole(task, 'its partition is down');

      await act(world, task, otherQueue);

      await jobsGone(world, task);
      await stays(world, task, becomes);
      if (title === 'move to another queue') expect(await world.user.entries(otherQueue)).to.deep.equal([task]);
    });
  }

  for (const { title, act, becomes } of ACTS) {
    it(`${title} while the job runs: the job is gone, the task is ${becomes ?? 'gone'}`, async () => {
      await using world = await startWorld();
      const { task, otherQueue } = await begin(world, { code: LONG });
      await world.untilConsole(task, 'working');

      await act(world, task, otherQueue);

      await jobsGone(world, task);
      await stays(world, task, becomes);
    });
  }
});

async function begin(world: World, given: { code?: string; properties?: Record<string, string> }) {
  const template = await world.write('quick.template', QUICK_TEMPLATE);
  const queue = await world.user.makeQueue('quick');
  const otherQueue = await world.user.makeQueue('elsewhere');
  const task = await world.user.makeTask(given);
  await world.user.enqueue(task, queue);
  world.start('--template-files', template, '--queue', 'quick');
  return { task, otherQueue };
}

async function jobsGone(world: World, task: string): Promise<void> {
  const gone = async (): Promise<boolean> => (await world.jobsOf(task, 'PD,R,CG,S,CF')).length === 0;
  await waitUntil('the job to be gone', gone, { withinMs: 60_000, everyMs: 250 });
}

/** Now, and after the daemon has looked several times more. */
async function stays(world: World, task: string, status: string | undefined): Promise<void> {
  const seen = async (): Promise<string | undefined> => (await world.user.look(task).catch(() => undefined))?.status;
  const soon = await waitUntil('the status', async () => ((await seen()) === status ? 'as chosen' : undefined), {
    withinMs: 30_000,
  });
  expect(soon).to.equal('as chosen');
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  expect(await seen()).to.equal(status);
}
