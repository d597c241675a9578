// Tasks in containers on real Slurm, by real Apptainer and the real clearml-agent, started by the command line of the documentation.
import { readFileSync } from 'node:fs';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { standInAgentPython } from '../../src/sandbox/agent/stand-in-agent.ts';
import { JOB_EXIT_CODES } from '../../src/template/job-exit-codes.ts';
import { APPTAINER_BESIDE } from '../set-up/slurm-roots.mjs';
import { makeImage } from '../support/apptainer-image.ts';
import { agentPython, requireAgent, requireSlurmVersion } from '../support/requires.ts';
import { startSlurmCluster, type SlurmCluster } from '../support/slurm-cluster.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startWorld, type World } from './world.ts';

/** As ClearML's Deployment page has it. */
const DOCUMENTED = readFileSync(new URL('../fixtures/templates/singularity.template', import.meta.url), 'utf8');

/** So that nothing has to be installed, and an abort is seen soon. */
const QUICK = '-e CLEARML_AGENT_SKIP_PYTHON_ENV_INSTALL=1 -e CLEARML_AGENT_QUEUE_POLL_FREQ_SEC=1';

const GOES_ON = 'import time\nprint("at work", flush=True)\ntime.sleep(600)';

const HOSTILE = `it's "a" $(touch /tmp/pwned) \`id\` $HOME,B=c #\\`;

describe('a task in a container', function () {
  this.timeout(180_000);
  let cluster: SlurmCluster;
  let world: World;
  let queue: string;
  let image: string;
  let bare: string;
  before(requireAgent);
  before(requireSlurmVersion(APPTAINER_BESIDE));
  before(async () => {
    cluster = await startSlurmCluster({ version: APPTAINER_BESIDE });
    const cache = resolve('.test-cache');
    world = await startWorld({
      cluster,
      agent: `extra_docker_arguments: ["-v", "${cache}:${cache}:ro"]`,
      // The nodes have another Python than this machine, for which the real agent is not installed: it lives in the image.
      slurm: `python: ${standInAgentPython()}`,
      withPython: false,
    });
    image = join(world.folder, 'image');
    bare = join(world.folder, 'image-without-python');
    await makeImage(bare, { hasPython: false });
    await makeImage(image, { hasPython: true });
    await mkdir(join(image, 'usr/local/bin'), { recursive: true });
    await writeFile(join(image, 'usr/local/bin/python'), `#!/bin/sh\nexec ${agentPython()} "$@"\n`, { mode: 0o755 });
    const template = await world.write('slurm.example_singularity.template', DOCUMENTED);
    queue = await world.user.makeQueue('default');
    world.start('--singularity-mode', '--template-files', template, '--queue', 'default');
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    await cluster.stop();
  });

  async function enqueue(
    code: string,
    container: Readonly<Record<string, string>> = {},
    properties: Readonly<Record<string, string>> = {},
  ): Promise<string> {
    const more = { container: { image, ...container, arguments: `${QUICK} ${container['arguments'] ?? ''}` } };
    const task = await world.user.makeTask({ code, properties, more });
    await world.user.enqueue(task, queue);
    return task;
  }

  /** The daemon says why after the task has ended. */
  async function untilFailed(task: string, ...words: readonly string[]): Promise<void> {
    await world.untilStatus(task, 'failed');
    for (const text of words) await world.untilConsole(task, text);
  }

  it('runs in the folder that is its image: the image and the home folder stay as they were', async () => {
    const [imageBefore, homeBefore] = [await contentsOf(image), await contentsOf(world.home)];
    const task = await enqueue(
      'import os; print(sorted(os.listdir("/usr/bin"))[:2], os.environ["CLEARML_DOCKER_IMAGE"], flush=True)',
    );
    await world.untilStatus(task, 'completed');
    expect(await world.user.console(task)).to.include(`['bash', 'cat'] ${image}`);
    expect(await contentsOf(image)).to.deep.equal(imageBefore);
    // Apptainer keeps its own settings there.
    const homeAfter = (await contentsOf(world.home)).filter((line) => !line.includes('/.apptainer'));
    expect(homeAfter).to.deep.equal(homeBefore);
  });

  it('runs in an image in a file', async () => {
    const file = join(world.folder, 'an image.sif');
    await cluster.run('srun', 'singularity', 'build', file, image);
    const task = await enqueue('import os; print("init", os.path.exists("/.singularity.d"), flush=True)', {
      image: file,
    });
    await world.untilStatus(task, 'completed');
    expect(await world.user.console(task)).to.include('init True');
  });

  it('finds its variables as they were typed, and what its own script has set up; what is left out is told', async () => {
    const quoted = `'A=${HOSTILE.replaceAll("'", `'"'"'`)}'`;
    const task = await enqueue('import os; print(os.environ["A"], os.environ["FROM_SCRIPT"], flush=True)', {
      arguments: `-e ${quoted} --ipc=host`,
      setup_shell_script: 'export FROM_SCRIPT=$((40 + 2))',
    });
    await world.untilStatus(task, 'completed');
    const said = await world.user.console(task);
    expect(said).to.include(`\n${HOSTILE} 42\n`);
    expect(said).to.include('The container argument --ipc is left out: ');
  });

  it("fails with its program's exit code", async () => {
    const task = await enqueue('import sys; sys.exit(3)');
    expect((await world.untilStatus(task, 'failed')).status_reason).to.include('exit code 3');
  });

  it('stays aborted when it is aborted, and its job is gone', async () => {
    const task = await enqueue(GOES_ON);
    await world.untilConsole(task, '\nat work\n');
    await world.user.api('tasks.stop', { task });
    const isGone = async (): Promise<boolean> => (await world.jobsOf(task, 'R,PD,CG')).length === 0;
    await waitUntil('the job to be gone', isGone, { withinMs: 60_000, everyMs: 250 });
    expect((await world.user.look(task)).status).to.equal('stopped');
    expect(await world.user.console(task)).to.include('Process aborted by user');
  });

  it('is stopped by the agent inside when its job is cancelled', async () => {
    const task = await enqueue(GOES_ON);
    await world.untilConsole(task, '\nat work\n');
    await cluster.run('scancel', ...(await world.jobsOf(task, 'R')));
    await world.untilStatus(task, 'stopped');
    await world.untilConsole(task, 'Process terminated by user');
  });

  it('runs once on each of three nodes, and each knows which it is', async () => {
    const code = 'import os; print("rank", os.environ["NODE_RANK"], "of", os.environ["WORLD_SIZE"], flush=True)';
    const task = await enqueue(code, {}, { num_nodes: '3' });
    await world.untilStatus(task, 'completed');
    // The first one's agent ends the task, and may be done before the others have told all.
    for (const rank of [0, 1, 2]) await world.untilConsole(task, `rank ${rank} of 3`);
    expect([...(await world.user.console(task)).matchAll(/^rank \d of 3$/gm)]).to.have.length(3);
  });

  it('fails in an image without Python, and says so', async () => {
    const task = await enqueue('print("never")', { image: bare });
    await untilFailed(task, JOB_EXIT_CODES.noPython.says, 'no python3 and no python in');
  });

  it('fails with an image that is not there, in the words of Apptainer and ours', async () => {
    const task = await enqueue('print("never")', { image: '/no/such.sif' });
    await untilFailed(task, JOB_EXIT_CODES.containerNotStarted.says, 'lstat /no: no such file');
  });

  for (const [what, container, words] of [
    ['an image that would be an option', { image: '--writable' }, 'is not the name of an image'],
    ['an argument that is not for tasks', { arguments: '--security=x' }, 'can not be used here'],
    ['a mount that nobody has allowed', { arguments: '-v /etc:/x' }, 'may not be mounted'],
  ] as const) {
    it(`fails before there is a job, with ${what}`, async () => {
      const task = await enqueue('print("never")', container);
      await untilFailed(task, words);
      expect(await world.jobsOf(task)).to.deep.equal([]);
    });
  }
});

/** Each path below the folder, with its size and the time of its last change. */
async function contentsOf(folder: string): Promise<string[]> {
  const paths = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = paths.filter((entry) => !entry.isSymbolicLink()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(files.sort().map(async (path) => describeFile(path)));
}

async function describeFile(path: string): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  return `${path} ${size} ${mtimeMs}`;
}
