// What goes wrong is told where the user looks: the task's status, and its console with Slurm's own words and what to do.
import { expect } from 'chai';
import { requireAgent, requireSlurm } from '../support/requires.ts';
import { QUICK_TEMPLATE } from './templates.ts';
import { startWorld, type World } from './world.ts';

/** A PATH with the usual small programs and no Python. */
const WITHOUT_PYTHON = `tools=$(mktemp -d)
for tool in bash cat chmod date find mkdir mktemp mv rm rmdir sed sleep touch uname; do ln -s "$(command -v $tool)" "$tools/"; done
export PATH=$tools`;

const WORKING = 'import time\nprint("working", flush=True)\ntime.sleep(600)';

/** Queues whose templates go wrong in a way of their own. */
const TEMPLATES = {
  quick: QUICK_TEMPLATE,
  strict: QUICK_TEMPLATE.replace('partition.value:debug', 'partition.value'),
  'no-route': QUICK_TEMPLATE.replace('${CLEARML_PRE_SETUP}', `export CLEARML_API_HOST=http://127.0.0.1:9\n$&`),
} as const;

interface Wrong {
  readonly queue?: keyof typeof TEMPLATES;
  readonly code?: string;
  readonly properties?: Readonly<Record<string, string>>;
}

/** All of them go wrong side by side: two of them only after a minute. */
const TASKS = {
  partition: { properties: { partition: 'nowhere' } },
  memory: { properties: { memory: '900G' } },
  nodes: { properties: { num_nodes: '99' } },
  variable: { queue: 'strict' },
  time: { code: WORKING, properties: { partition: 'short', walltime: '00:01:00' } },
  cancelledWaiting: { properties: { partition: 'down' } },
  cancelledRunning: { code: WORKING },
  route: { queue: 'no-route' },
} as const satisfies Record<string, Wrong>;

describe('what goes wrong is told in the task', function () {
  this.timeout(180_000);
  let world: World;
  const tasks = new Map<keyof typeof TASKS, string>();

  before(requireAgent);
  before(requireSlurm);
  before(async () => {
    world = await startWorld();
    const queues = new Map<string, string>();
    const files: string[] = [];
    for (const [name, text] of Object.entries(TEMPLATES)) {
      queues.set(name, await world.user.makeQueue(name));
      files.push(await world.write(`${name}.template`, text));
    }
    for (const [name, wrong] of Object.entries<Wrong>(TASKS)) {
      const task = await world.user.makeTask({ name: `wrong ${name}`, ...wrong });
      await world.user.enqueue(task, queues.get(wrong.queue ?? 'quick') ?? '');
      tasks.set(name as keyof typeof TASKS, task);
    }
    world.start('--template-files', ...files, '--queue', ...queues.keys());
  });
  after(() => world[Symbol.asyncDispose]());

  function taskOf(name: keyof typeof TASKS): string {
    return tasks.get(name) ?? '';
  }

  for (const { name, words } of [
    { name: 'partition', words: 'invalid partition specified: nowhere' },
    { name: 'memory', words: 'Memory specification can not be satisfied' },
  ] as const) {
    it(`a ${name} that can't be had: failed, with Slurm's own words`, async () => {
      const { status_reason } = await world.untilStatus(taskOf(name), 'failed');

      expect(status_reason).to.equal('refused by Slurm');
      await world.untilConsole(taskOf(name), words);
    });
  }

  it('S-25 more nodes than the partition has: it says that this never starts, and what to do', async () => {
    await world.untilConsole(
      taskOf('nodes'),
      'its partition can not give what it asks for (PartitionConfig). Ask for less',
    );
  });

  it('a variable without value and default: failed before sbatch, naming file, line and variable', async () => {
    await world.untilStatus(taskOf('variable'), 'failed');
    await world.untilConsole(taskOf('variable'), 'strict.template:6:');

    const console = await world.user.console(taskOf('variable'));
    expect(console).to.match(/strict\.template:6:\d+: .*CLEARML_TASK\.hyperparams\.properties\.partition\.value/);
    expect(await world.jobsOf(taskOf('variable'))).to.deep.equal([]);
  });

  it('scancel by hand while it waits: stopped, and it says so', async () => {
    await world.untilConsole(taskOf('cancelledWaiting'), 'its partition is down');

    await world.cluster.run('scancel', ...(await world.jobsOf(taskOf('cancelledWaiting'))));

    const { status_reason } = await world.untilStatus(taskOf('cancelledWaiting'), 'stopped');
    expect(status_reason).to.equal('cancelled in Slurm');
  });

  it('scancel by hand while it runs: stopped, and it says so', async () => {
    await world.untilConsole(taskOf('cancelledRunning'), 'working');

    await world.cluster.run('scancel', ...(await world.jobsOf(taskOf('cancelledRunning'))));

    await world.until(
      taskOf('cancelledRunning'),
      'the reason of the stop to be corrected',
      ({ status, status_reason }) => status === 'stopped' && status_reason === 'cancelled in Slurm',
    );
  });

  it('the time limit: failed, with advice', async () => {
    const { status_message } = await world.untilStatus(taskOf('time'), 'failed', 150_000);

    expect(status_message).to.include('TIMEOUT');
    await world.untilConsole(taskOf('time'), 'What to do: raise --time');
  });

  it('C-29 a node without a route to the server: failed, with its sentence and the end of the job log', async () => {
    await world.untilStatus(taskOf('route'), 'failed', 150_000);

    await world.untilConsole(taskOf('route'), 'this node can not reach the ClearML server');
    await world.untilConsole(taskOf('route'), "The last lines of the job's log");
  });

  it('a node without Python: failed, with its sentence and the end of the job log', async () => {
    await using bare = await startWorld({ withPython: false });
    const template = await bare.write(
      'bare.template',
      QUICK_TEMPLATE.replace('${CLEARML_PRE_SETUP}', `${WITHOUT_PYTHON}\n$&`),
    );
    const task = await bare.user.makeTask({});
    await bare.user.enqueue(task, await bare.user.makeQueue('bare'));
    bare.start('--template-files', template, '--queue', 'bare');

    await bare.untilStatus(task, 'failed');

    await bare.untilConsole(task, 'this node has no Python with clearml-agent');
    await bare.untilConsole(task, "The last lines of the job's log");
  });
});
