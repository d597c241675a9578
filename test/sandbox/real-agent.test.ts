import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { formatReadyConf } from '../../src/sandbox/clearml/ready-conf.ts';
import { agentPython, requireAgent } from '../support/requires.ts';
import { waitUntil } from '../support/wait-until.ts';
import { openSandbox, type OpenSandbox } from './clearml/open-sandbox.ts';

/** Python and the agent need seconds to start on a busy machine. */
const PATIENCE = { withinMs: 60_000, everyMs: 100 };

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

interface Started {
  readonly ended: Promise<Ended>;
  readonly interrupt: () => void;
}

/** A machine on which a user has just written the clearml.conf that the sandbox printed. */
interface Desk {
  readonly sandbox: OpenSandbox;
  readonly folder: string;
  /** Starts a program that lies beside the agent's Python. */
  start(program: string, ...args: readonly string[]): Started;
  python(script: string): Promise<Ended>;
  makeTask(code: string, more?: Record<string, unknown>): Promise<string>;
  enqueue(task: string): Promise<string>;
  console(task: string): Promise<string>;
  untilStatus(task: string, status: string): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

async function openDesk(): Promise<Desk> {
  const folder = await mkdtemp(join(tmpdir(), 'desk-'));
  const sandbox = await openSandbox();
  const conf = join(folder, 'clearml.conf');
  await writeFile(conf, formatReadyConf(sandbox, join(folder, 'files')));
  const running = new Set<Started>();

  function start(program: string, ...args: readonly string[]): Started {
    const child = spawn(join(dirname(agentPython()), program), args, {
      cwd: folder,
      env: {
        PATH: process.env['PATH'],
        HOME: folder,
        TMPDIR: folder,
        CLEARML_CONFIG_FILE: conf,
        CLEARML_WORKER_ID: 'desk:1',
        CLEARML_AGENT_SKIP_PYTHON_ENV_INSTALL: '1',
        CLEARML_AGENT_PROPAGATE_EXITCODE: '1',
        CLEARML_AGENT_QUEUE_POLL_FREQ_SEC: '1',
        CLEARML_AGENT__AGENT__DISABLE_AGENT_UPDATE_CHECK: 'true',
        CLEARML_AGENT__AGENT__VENVS_DIR: join(folder, 'venvs'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    const started: Started = {
      ended: once(child, 'close').then(() => {
        running.delete(started);
        return { code: child.exitCode, output };
      }),
      interrupt: () => child.kill('SIGTERM'),
    };
    running.add(started);
    return started;
  }

  return {
    sandbox,
    folder,
    start,
    python: async (script) => {
      await writeFile(join(folder, 'script.py'), script);
      return start('python', 'script.py').ended;
    },
    makeTask: (code, more = {}) =>
      sandbox.makeTask({
        script: { binary: 'python3', entry_point: 'task.py', working_dir: '.', diff: code },
        ...more,
      }),
    enqueue: async (task) => {
      const answer = await sandbox.ok('tasks.enqueue', { task });
      expect(answer).to.include({ queued: 1 });
      return task;
    },
    console: async (task) => {
      const { events } = await sandbox.ok('events.get_task_log', { task, order: 'asc' });
      return JSON.stringify(events);
    },
    untilStatus: async (task, status) => {
      const isSo = async (): Promise<boolean> => (await sandbox.statusOf(task)) === status;
      await waitUntil(`task ${task} to be ${status}`, isSo, PATIENCE);
    },
    [Symbol.asyncDispose]: async () => {
      for (const { interrupt } of running) interrupt();
      await Promise.all([...running].map(({ ended }) => ended));
      await sandbox.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const EXECUTE = ['execute', '--full-monitoring', '--require-queue', '--id'];

describe('the real clearml-agent on the sandbox', function () {
  this.timeout(120_000);
  before(requireAgent);

  it('runs a task to its end', async () => {
    await using desk = await openDesk();
    const task = await desk.enqueue(await desk.makeTask('print("hello from the task")'));
    expect(await desk.start('clearml-agent', ...EXECUTE, task).ended).to.include({ code: 0 });
    expect(await desk.sandbox.task(task)).to.include({
      status: 'completed',
      status_reason: 'worker execution done',
      last_worker: 'desk:1',
    });
    expect(await desk.console(task)).to.contain('hello from the task');
    expect(await desk.sandbox.ok('workers.get_all')).to.deep.equal({ workers: [] });
  });

  it('fails a task whose script fails', async () => {
    await using desk = await openDesk();
    const task = await desk.enqueue(await desk.makeTask('raise SystemExit(3)'));
    expect(await desk.start('clearml-agent', ...EXECUTE, task).ended).to.include({ code: 3 });
    expect(await desk.sandbox.task(task)).to.include({
      status: 'failed',
      status_reason: 'worker execution exit code 3',
    });
  });

  it('does not run a task that was aborted before', async () => {
    await using desk = await openDesk();
    const task = await desk.enqueue(await desk.makeTask('print("must not run")'));
    await desk.sandbox.ok('tasks.stop', { task });
    const { code, output } = await desk.start('clearml-agent', ...EXECUTE, task).ended;
    expect(code).to.equal(1);
    expect(output).to.contain('is not queued');
    expect(await desk.sandbox.statusOf(task)).to.equal('stopped');
  });

  it('ends a running task when its user aborts it', async () => {
    await using desk = await openDesk();
    const task = await desk.enqueue(await desk.makeTask('import time\nprint("at work", flush=True)\ntime.sleep(300)'));
    const agent = desk.start('clearml-agent', ...EXECUTE, task);
    const isAtWork = async (): Promise<boolean> => (await desk.console(task)).includes('at work');
    await waitUntil('the task to be at work', isAtWork, PATIENCE);
    await desk.sandbox.ok('tasks.stop', { task });
    expect(await desk.sandbox.task(task)).to.include({ status: 'in_progress', status_message: 'stopping' });
    expect(await agent.ended).to.include({ code: 0 });
    expect(await desk.sandbox.task(task)).to.include({
      status: 'stopped',
      status_reason: 'task was stopped by tasks.stop',
    });
  });

  it('reports itself ended by SIGTERM as an abort', async () => {
    await using desk = await openDesk();
    const task = await desk.enqueue(await desk.makeTask('import time\nprint("at work", flush=True)\ntime.sleep(300)'));
    const agent = desk.start('clearml-agent', ...EXECUTE, task);
    const isAtWork = async (): Promise<boolean> => (await desk.console(task)).includes('at work');
    await waitUntil('the task to be at work', isAtWork, PATIENCE);
    agent.interrupt();
    await agent.ended;
    expect(await desk.sandbox.task(task)).to.include({ status: 'stopped', status_reason: 'user abort' });
  });

  it('pulls from queues as a daemon', async () => {
    await using desk = await openDesk();
    const daemon = ['daemon', '--foreground', '--create-queue', '--queue', 'default', 'brand new'];
    desk.start('clearml-agent', ...daemon);
    const serves = async (): Promise<boolean> =>
      JSON.stringify(await desk.sandbox.ok('workers.get_all')).includes('"name":"brand new"');
    await waitUntil('the daemon to register', serves, PATIENCE);
    const task = await desk.enqueue(await desk.makeTask('print("pulled")'));
    await desk.untilStatus(task, 'completed');
    expect(await desk.console(task)).to.contain('pulled from');
  });
});

describe('the real clearml SDK on the sandbox', function () {
  this.timeout(120_000);
  before(requireAgent);

  it('reports parameters, properties, scalars and an artifact of a local run', async () => {
    await using desk = await openDesk();
    const { code, output } = await desk.python(`
from clearml import Task
task = Task.init('a project/inside', 'a local run', auto_connect_frameworks=False, auto_resource_monitoring=False)
task.connect({'lr': 0.1})
task.set_user_properties(num_nodes=2)
task.get_logger().report_scalar('loss', 'train', iteration=5, value=0.5)
task.get_logger().report_text('a line of text')
task.upload_artifact('an artifact', {'a': 1}, wait_on_upload=True)
task.close()
print('id is', task.id)
`);
    expect(code, output).to.equal(0);
    const id = /id is ([0-9a-f]{32})/.exec(output)?.[1] ?? '';
    const task = await desk.sandbox.task(id);
    expect(task).to.include({ status: 'completed', last_iteration: 5 });
    expect(task).to.have.nested.property('hyperparams.General.lr.value', '0.1');
    expect(task).to.have.nested.property('hyperparams.properties.num_nodes.value', '2');
    expect(task).to.have.nested.property('execution.artifacts[0].key', 'an artifact');
    expect(await desk.console(id)).to.contain('a line of text');
  });

  it('creates, clones and enqueues tasks by the name of a queue, and finds them again', async () => {
    await using desk = await openDesk();
    const { code, output } = await desk.python(`
from clearml import Task
open('train.py', 'w').write('print(1)')
task = Task.create('a project', 'made by the SDK', script='train.py', add_task_init_call=False)
clone = Task.clone(task, name='the clone')
for one in (task, clone):
    Task.enqueue(one, queue_name='default')
queued = Task.query_tasks(project_name='a project', task_filter={'status': ['queued']})
print('found', sorted(queued) == sorted([task.id, clone.id]))
print('status', task.get_status(), Task.get_task(task_name='the clone', project_name='a project').status)
`);
    expect(code, output).to.equal(0);
    expect(output).to.contain('found True').and.to.contain('status queued queued');
    const { id: queue } = await desk.sandbox.ok('queues.get_default');
    expect(await desk.sandbox.entriesOf(String(queue))).to.have.lengthOf(2);
  });

  it('sends a local run away, and the agent goes on with it', async () => {
    await using desk = await openDesk();
    const { output } = await desk.python(`
from clearml import Task
task = Task.init('a project', 'a run sent away', auto_connect_frameworks=False, auto_resource_monitoring=False)
print('id is', task.id, flush=True)
task.execute_remotely(queue_name='default')
print('now on the other side')
`);
    const id = /id is ([0-9a-f]{32})/.exec(output)?.[1] ?? '';
    expect(output).not.to.contain('now on the other side');
    expect(await desk.sandbox.statusOf(id)).to.equal('queued');
    expect(await desk.start('clearml-agent', ...EXECUTE, id).ended).to.include({ code: 0 });
    expect(await desk.sandbox.statusOf(id)).to.equal('completed');
    expect(await desk.console(id)).to.contain('now on the other side');
  });

  it('enqueues by clearml-task', async () => {
    await using desk = await openDesk();
    await writeFile(join(desk.folder, 'train.py'), 'print(1)');
    const options = [
      '--project',
      'a project',
      '--name',
      'by the command',
      '--script',
      'train.py',
      '--queue',
      'default',
    ];
    const { code, output } = await desk.start('clearml-task', ...options, '--packages', 'clearml').ended;
    expect(code, output).to.equal(0);
    const { tasks } = await desk.sandbox.ok('tasks.get_all', { name: '^by the command$', only_fields: ['status'] });
    expect(tasks).to.deep.equal([{ status: 'queued' }]);
  });
});
