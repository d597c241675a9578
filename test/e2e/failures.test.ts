// What goes wrong is told where the user looks: the task's status, and its console with Slurm's own words and what to do.
import { expect } from 'chai';
import { requireAgent, requireSlurm } from '../support/requires.ts';
import { QUICK_TEMPLATE } from './templates.ts';
import { startWorld, type World } from './world.ts';

/** A PATH with the usual small programs and no Python. */
const WITHOUT_PYTHON = `tools=$(mktemp -d)
for tool in bash cat chmod date find mkdir mktemp mv rm rmdir sed sleep touch uname; do ln -s "$(command -v $tool)" "$tools/"; done
export PATH=$tools`;

describe('what goes wrong is told in the task', function () {
  this.timeout(180_000);
  before(requireAgent);
  before(requireSlurm);

  for (const { title, properties, words } of [
    {
      title: 'a partition that does not exist',
      properties: { partition: 'nowhere' },
      words: 'invalid partition specified: nowhere',
    },
    {
      title: 'more memory than any node has',
      properties: { memory: '900G' },
      words: 'Memory specification can not be satisfied',
    },
  ]) {
    it(`${title}: failed, with Slurm's own words`, async () => {
      await using world = await startWorld();
      const task = await begin(world, { properties });

      const { status_reason } = await world.untilStatus(task, 'failed');

      expect(status_reason).to.equal('refused by Slurm');
      expect(await world.user.console(task)).to.include(words);
    });
  }

  it('more nodes than the partition has: it says that this never starts, and what to do', async () => {
    await using world = await startWorld();
    const task = await begin(world, { properties: { num_nodes: '99' } });

    await world.untilConsole(task, 'its partition can not give what it asks for (PartitionConfig). Ask for less');
  });

  it('a variable without value and default: failed before sbatch, naming file, line and variable', async () => {
    await using world = await startWorld();
    const template = QUICK_TEMPLATE.replace('partition.value:debug', 'partition.value');
    const task = await begin(world, { template });

    await world.untilStatus(task, 'failed');

    const console = await world.user.console(task);
    expect(console).to.match(/quick\.template:6:\d+: .*CLEARML_TASK\.hyperparams\.properties\.partition\.value/);
    expect(await world.jobsOf(task)).to.deep.equal([]);
  });

  it('the time limit: failed, with advice', async () => {
    await using world = await startWorld();
    const task = await begin(world, {
      code: 'import time\ntime.sleep(600)',
      properties: { partition: 'short', walltime: '00:01:00' },
    });

    const { status_message } = await world.untilStatus(task, 'failed', 170_000);

    expect(status_message).to.include('TIMEOUT');
    expect(await world.user.console(task)).to.include('What to do: raise --time');
  });

  it('scancel by hand while it waits: stopped, and it says so', async () => {
    await using world = await startWorld();
    const task = await begin(world, { properties: { partition: 'down' } });
    await world.untilConsole(task, 'its partition is down');

    await world.cluster.run('scancel', ...(await world.jobsOf(task)));

    const { status_reason } = await world.untilStatus(task, 'stopped');
    expect(status_reason).to.equal('cancelled in Slurm');
  });

  it('scancel by hand while it runs: stopped, and it says so', async () => {
    await using world = await startWorld();
    const task = await begin(world, { code: 'import time\nprint("working", flush=True)\ntime.sleep(600)' });
    await world.untilConsole(task, 'working');

    await world.cluster.run('scancel', ...(await world.jobsOf(task)));

    const isCorrected = ({ status, status_reason }: { status: string; status_reason: string }): boolean =>
      status === 'stopped' && status_reason === 'cancelled in Slurm';
    await world.until(task, 'the reason of the stop to be corrected', isCorrected);
  });

  it('a node without Python: failed, with its sentence and the end of the job log', async () => {
    await using world = await startWorld({ withPython: false });
    const template = QUICK_TEMPLATE.replace('${CLEARML_PRE_SETUP}', `${WITHOUT_PYTHON}\n\${CLEARML_PRE_SETUP}`);
    const task = await begin(world, { template });

    await world.untilStatus(task, 'failed');

    const console = await world.user.console(task);
    expect(console).to.include('this node has no Python with clearml-agent');
    expect(console).to.include("The last lines of the job's log");
  });

  it('a node without a route to the server: failed, with its sentence and the end of the job log', async () => {
    await using world = await startWorld();
    const template = QUICK_TEMPLATE.replace(
      '${CLEARML_PRE_SETUP}',
      'export CLEARML_API_HOST=http://127.0.0.1:9\n${CLEARML_PRE_SETUP}',
    );
    const task = await begin(world, { template });

    await world.untilStatus(task, 'failed', 170_000);

    const console = await world.user.console(task);
    expect(console).to.include('this node can not reach the ClearML server');
    expect(console).to.include("The last lines of the job's log");
  });
});

async function begin(
  world: World,
  given: { template?: string; code?: string; properties?: Record<string, string> },
): Promise<string> {
  const template = await world.write('quick.template', given.template ?? QUICK_TEMPLATE);
  const queue = await world.user.makeQueue('quick');
  const { code, properties } = given;
  const task = await world.user.makeTask({
    ...(code === undefined ? {} : { code }),
    ...(properties === undefined ? {} : { properties }),
  });
  await world.user.enqueue(task, queue);
  world.start('--template-files', template, '--queue', 'quick');
  return task;
}
