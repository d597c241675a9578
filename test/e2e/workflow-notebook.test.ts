// The example of a notebook: the server of JupyterLab runs in a job, lets only its user in, and ends when it is idle.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { requireAgent, requirePython, requireSandbox, requireSlurm } from '../support/skip-unless.ts';
import { idIn, startWorkflowBed, type WorkflowBed } from './workflow-bed.ts';

describe('a notebook task', () => {
  let bed: WorkflowBed;
  let used: string;
  let idle: string;

  before(requireAgent);
  before(requireSlurm);
  before(requireSandbox);
  before(async () => {
    bed = await startWorkflowBed('notebook');
    await bed.serve({ notebooks: 'notebook.template' });
    used = await start('600');
    idle = await start('0');
  });
  after(() => bed[Symbol.asyncDispose]());

  async function start(idleMinutes: string): Promise<string> {
    const what = ['--project', 'notebooks', '--name', 'notebook', '--script', 'session.py', '--skip-task-init'];
    const how = ['--packages', 'clearml', 'jupyterlab', '--queue', bed.world.nameOf('notebooks')];
    return idIn(await bed.run('clearml-task', ...what, ...how, '--args', `idle_minutes=${idleMinutes}`));
  }

  it('prints an ssh command, requires a token, and keeps saved files after an abort', async () => {
    const way = /ssh -N -L 8888:(\S+):(\d+) LOGIN-NODE[^]*ssh LOGIN-NODE cat (\S+)/;
    await bed.world.untilConsole(used, way);
    const console = await bed.world.user.console(used);
    const [, host = '', port = '', file = ''] = way.exec(console) ?? [];
    const token = (await readFile(file, 'utf8')).trim();
    expect((await stat(file)).mode & 0o777).to.equal(0o600);
    expect(console).not.to.include(token);

    const api = `http://${host}:${port}/api`;
    const headers = { authorization: `token ${token}` };
    expect((await fetch(`${api}/status`)).status).to.equal(403);
    expect((await fetch(`${api}/status`, { headers })).status).to.equal(200);
    const saved = JSON.stringify({ type: 'file', format: 'text', content: 'kept' });
    expect((await fetch(`${api}/contents/notes.txt`, { method: 'PUT', headers, body: saved })).status).to.equal(201);

    await bed.world.user.api('tasks.stop', { task: used });
    await bed.world.untilStatus(used, 'stopped');
    await bed.world.untilNoJob(used);
    expect(await readFile(join(dirname(file), 'notes.txt'), 'utf8')).to.equal('kept');
  });

  it('ends its job when it is idle', async () => {
    await bed.untilCompleted(idle);
    await bed.world.untilNoJob(idle);
  });
});

/** Only what session.py uses of the SDK. */
const CLEARML = `class Task:
    id = "0"
    class TaskTypes: application = ""
    @classmethod
    def init(cls, **options): return cls()
`;

/** Stands in for JupyterLab. Who reads its file for the first time finds it empty. */
const JUPYTERLAB = `import os, signal
signal.alarm(300)  # If the script has failed, no reader comes.
folder = os.environ["JUPYTER_RUNTIME_DIR"]
path, other = folder + "/jpserver-1.json", folder + "/other"
os.mkfifo(path)
open(path, "w").close()
os.mkfifo(other)
os.replace(other, path)
with open(path, "w") as file: file.write('{"port": 8899}')
`;

describe('the script of a notebook task', () => {
  let folder: string;

  before(requirePython);
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'notebook-'));
    await mkdir(join(folder, 'jupyterlab'));
    await writeFile(join(folder, 'clearml.py'), CLEARML);
    await writeFile(join(folder, 'jupyterlab/__main__.py'), JUPYTERLAB);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('waits for the port if the runtime file of JupyterLab is still empty', async () => {
    const env = { PATH: process.env['PATH'], HOME: folder, PYTHONPATH: folder };
    const script = resolve('examples/workflows/notebook/session.py');
    const { stdout } = await promisify(execFile)('python3', [script], { env });
    expect(stdout).to.match(/ssh -N -L 8888:\S+:8899 LOGIN-NODE/);
  });
});
