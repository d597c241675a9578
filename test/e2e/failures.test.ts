// A failure is reported where the user looks: in the task's status, and in its console with Slurm's message and advice.
import { expect } from 'chai';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { requireAgent, requireSlurm } from '../support/skip-unless.ts';
import { QUICK_TEMPLATE } from './templates.ts';
import { startWorld, type World } from './world.ts';

/** A PATH with the usual small programs and no Python. */
const WITHOUT_PYTHON = `tools=$(mktemp -d)
for tool in bash cat chmod date find id mkdir mktemp mv readlink rm rmdir sed sleep stat touch uname; do ln -s "$(command -v $tool)" "$tools/"; done
export PATH=$tools`;

const WORKING = 'import time\nprint("working", flush=True)\ntime.sleep(3600)';

/** Queues whose templates go wrong in a way of their own. */
const TEMPLATES = {
  quick: QUICK_TEMPLATE,
  strict: QUICK_TEMPLATE.replace('partition.value:debug', 'partition.value'),
  'no-route': QUICK_TEMPLATE.replace(
    '${CLEARML_PRE_SETUP}',
    `export CLEARML_API_HOST=http://no-such-server.invalid\n$&`,
  ),
  'no-output': QUICK_TEMPLATE.replace('#SBATCH', `#SBATCH --output=/proc/nope/%j.log\n$&`),
  'no-command': QUICK_TEMPLATE.replace('${CLEARML_PRE_SETUP}', `set -e\nno_such_loader cuda\n$&`),
  cheap: QUICK_TEMPLATE.replace('#SBATCH', `#SBATCH --nodelist=n4\n$&`),
  pyxis: QUICK_TEMPLATE.replace('#SBATCH', `#SBATCH --container-image=ubuntu\n$&`),
} as const;

interface Wrong {
  readonly queue?: keyof typeof TEMPLATES;
  readonly code?: string;
  readonly properties?: Readonly<Record<string, string>>;
  readonly more?: Readonly<Record<string, unknown>>;
}

/** A git server that wants a password of everybody. */
async function startClosedGitServer(): Promise<Server> {
  const server = createServer((_, reply) => reply.writeHead(401, { 'WWW-Authenticate': 'Basic realm="git"' }).end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** All of them run at the same time: two fail only after a minute. */
const TASKS = {
  partition: { properties: { partition: 'nowhere' } },
  memory: { properties: { memory: '900G' } },
  nodes: { properties: { num_nodes: '99' } },
  variable: { queue: 'strict' },
  time: { code: WORKING, properties: { partition: 'short', walltime: '00:01:00' } },
  cancelledWaiting: { properties: { partition: 'down' } },
  cancelledRunning: { code: WORKING },
  route: { queue: 'no-route' },
  output: { queue: 'no-output' },
  command: { queue: 'no-command' },
  pyxis: { queue: 'pyxis' },
  preempted: { queue: 'cheap', code: WORKING, properties: { partition: 'cheap' } },
} as const satisfies Record<string, Wrong>;

describe('a task', () => {
  let world: World;
  let gitServer: Server;
  let clone: string;
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
    gitServer = await startClosedGitServer();
    const { port } = gitServer.address() as AddressInfo;
    const script = { binary: 'python3', repository: `http://127.0.0.1:${port}/lab/code.git`, entry_point: 'train.py' };
    clone = await world.user.makeTask({ name: 'wrong repository', more: { script: { ...script, branch: 'main' } } });
    await world.user.enqueue(clone, queues.get('quick') ?? '');
    world.start('--template-files', ...files, '--queue', ...[...queues.keys()].map(world.nameOf));
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    gitServer.close();
  });

  function taskOf(name: keyof typeof TASKS): string {
    return tasks.get(name) ?? '';
  }

  for (const { name, words, option, line } of [
    { name: 'partition', words: 'invalid partition specified: nowhere', option: '--partition', line: 6 },
    { name: 'memory', words: 'Memory specification can not be satisfied', option: '--mem', line: 7 },
  ] as const) {
    it(`fails if Slurm rejects its ${name}, and the console names the user property "${name}" (F-08)`, async () => {
      const { status_reason, status_message } = await world.untilStatus(taskOf(name), 'failed');

      expect(status_reason).to.equal('rejected by Slurm');
      expect(status_message).to.include(words);
      await world.untilConsole(taskOf(name), words);
      await world.untilConsole(
        taskOf(name),
        `${option} is set by the user property "${name}" (quick.template, line ${line}).`,
      );
    });
  }

  it('fails with advice if the template has --container-image but sbatch has no Pyxis (F-13)', async () => {
    await world.untilStatus(taskOf('pyxis'), 'failed');

    await world.untilConsole(taskOf('pyxis'), "unrecognized option '--container-image=ubuntu'");
    await world.untilConsole(
      taskOf('pyxis'),
      'sbatch has no Pyxis plugin here. Use --singularity-mode with a template written for it',
    );
  });

  it('fails if the job cannot write its output file, and the console shows the path (F-14)', async () => {
    await world.untilStatus(taskOf('output'), 'failed');

    await world.untilConsole(taskOf('output'), /\(\/proc\/nope\/\d+\.log\) cannot be written on the node/);
  });

  it('fails if the template runs a missing command, and the console names the command (F-11)', async () => {
    await world.untilStatus(taskOf('command'), 'failed');

    await world.untilConsole(taskOf('command'), 'a command of the template was not found on the node');
    await world.untilConsole(taskOf('command'), 'no_such_loader: command not found');
  });

  it('fails with advice if its git repository needs a password (F-12)', async () => {
    await world.untilStatus(clone, 'failed');

    await world.untilConsole(
      clone,
      /git has no user name and password for 127\.0\.0\.1:\d+\. What to do: set agent\.git_user/,
    );
  });

  it('shows in its console that a job with 99 nodes cannot start (S-25, F-09)', async () => {
    await world.untilConsole(
      taskOf('nodes'),
      'its partition cannot provide what it requests (PartitionConfig). Request less',
    );
  });

  it('fails before sbatch if a placeholder has no value, and the console names file and line (F-07)', async () => {
    await world.untilStatus(taskOf('variable'), 'failed');
    await world.untilConsole(taskOf('variable'), 'strict.template:6:');

    const console = await world.user.console(taskOf('variable'));
    expect(console).to.match(/strict\.template:6:\d+: .*CLEARML_TASK\.hyperparams\.properties\.partition\.value/);
    expect(await world.jobsOf(taskOf('variable'))).to.deep.equal([]);
  });

  it('is stopped with the reason "cancelled in Slurm" if its pending job is cancelled with scancel', async () => {
    await world.untilConsole(taskOf('cancelledWaiting'), 'its partition is down');

    await world.cluster.run('scancel', ...(await world.jobsOf(taskOf('cancelledWaiting'))));

    const { status_reason } = await world.untilStatus(taskOf('cancelledWaiting'), 'stopped');
    expect(status_reason).to.equal('cancelled in Slurm');
  });

  it('is stopped with the reason "cancelled in Slurm" if its running job is cancelled with scancel', async () => {
    await world.untilConsole(taskOf('cancelledRunning'), /^working$/m);

    await world.cluster.run('scancel', ...(await world.jobsOf(taskOf('cancelledRunning'))));

    await world.until(
      taskOf('cancelledRunning'),
      'the reason of the stop to be corrected',
      ({ status, status_reason }) => status === 'stopped' && status_reason === 'cancelled in Slurm',
    );
  });

  it('fails with the reason "Slurm PREEMPTED" if its job is preempted (F-14)', async () => {
    await world.untilConsole(taskOf('preempted'), /^working$/m);

    await world.cluster.run(
      'sbatch',
      '--partition=debug',
      '--nodelist=n4',
      '--exclusive',
      '--output=/dev/null',
      '--wrap=true',
    );

    await world.until(
      taskOf('preempted'),
      'the reason of the stop to be corrected',
      ({ status, status_reason }) => status === 'failed' && status_reason === 'Slurm PREEMPTED',
    );
    await world.untilConsole(taskOf('preempted'), 'to make room for a job of higher priority');
  });

  it('fails at its time limit, and the console recommends a higher --time (F-14)', async () => {
    const { status_message } = await world.untilStatus(taskOf('time'), 'failed');

    expect(status_message).to.include('TIMEOUT');
    await world.untilConsole(taskOf('time'), 'What to do: raise --time');
    await world.untilConsole(taskOf('time'), '--time is set by the user property "walltime"');
  });

  it("fails if the node cannot reach the ClearML server, and the console shows the end of the job's log (C-29, F-10)", async () => {
    await world.untilStatus(taskOf('route'), 'failed');

    await world.untilConsole(taskOf('route'), 'this node cannot reach the ClearML server');
    await world.untilConsole(taskOf('route'), "The last lines of the job's log");
  });

  it("fails if the node has no Python, and the console shows the end of the job's log (F-11)", async () => {
    await using bare = await startWorld({ python: false });
    const template = await bare.write(
      'bare.template',
      QUICK_TEMPLATE.replace('${CLEARML_PRE_SETUP}', `${WITHOUT_PYTHON}\n$&`),
    );
    const task = await bare.user.makeTask({});
    await bare.user.enqueue(task, await bare.user.makeQueue('bare'));
    bare.start('--template-files', template, '--queue', bare.nameOf('bare'));

    await bare.untilStatus(task, 'failed');

    await bare.untilConsole(task, 'this node has no Python with clearml-agent');
    await bare.untilConsole(task, "The last lines of the job's log");
  });
});
