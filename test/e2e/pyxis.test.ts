// Templates for Pyxis on real Slurm, with a stand-in for Pyxis that takes its options and makes containers by Apptainer.
// The image has the stand-in for clearml-agent. All tasks are enqueued at once, and each test waits for its own.
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { standInAgentPython } from '../../src/sandbox/agent/stand-in-agent.ts';
import { APPTAINER_BESIDE } from '../set-up/slurm-roots.mjs';
import { makeImageWithAgent } from '../support/image-with-agent.ts';
import { buildPyxisStandIn } from '../support/pyxis/stand-in.ts';
import { requireCompiler, requireSlurmVersion } from '../support/requires.ts';
import { startSlurmCluster, type SlurmCluster } from '../support/slurm-cluster.ts';
import { RANKS_MEET } from './ranks-meet.ts';
import { startWorld, type World } from './world.ts';

/** As ClearML's page on Pyxis has them: the container of the whole script, and of what a function `srun` starts. */
const [BY_DIRECTIVES = '', BY_SRUN = ''] = ['pyxis-directives.template', 'pyxis-srun.template'].map((name) =>
  readFileSync(new URL(`../fixtures/templates/${name}`, import.meta.url), 'utf8'),
);

/** What reads clearml.conf inside must see it: here from the home folder. */
const WITH_HOME = BY_DIRECTIVES.replace(
  '#SBATCH --container-writable\n',
  (line) => `${line}#SBATCH --container-mount-home\n#SBATCH --container-mounts={folder}/data:/data:ro\n`,
);

const WITH_VARIABLES = BY_SRUN.replace('srun() {', 'export FLAVOUR=job TASTE=job\nsrun() {').replace(
  '--container-writable',
  '--container-writable --container-env=FLAVOUR,CLEARML_CONFIG_FILE',
);

const IMAGE = 'nvcr.io/lab/tool:1.0-py3';
const TELLS = `import os
print("inside", os.path.exists("/inside"), "of", sorted(os.listdir("/usr/bin"))[0], "rank", os.environ.get("NODE_RANK"))
print("data", os.path.exists("/data/set"), "flavour", os.environ.get("FLAVOUR"), os.environ.get("TASTE"))
`;

describe('a task in a container of Pyxis, by the stand-in for it', () => {
  let folder: string;
  let cluster: SlurmCluster;
  let world: World;
  const tasks = new Map<string, string>();

  before(requireSlurmVersion(APPTAINER_BESIDE));
  before(requireCompiler);
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pyxis-'));
    const images = join(folder, 'images');
    const image = join(images, 'nvcr.io/lab/tool:1.0-py3');
    await mkdir(dirname(image), { recursive: true });
    await makeImageWithVariables(image);
    await mkdir(join(folder, 'data'));
    await writeFile(join(folder, 'data/set'), '');

    const extraLines = await buildPyxisStandIn(APPTAINER_BESIDE, { folder, images });
    cluster = await startSlurmCluster({ version: APPTAINER_BESIDE, extraLines });
    await cluster.run('srun', 'mksquashfs', image, join(folder, 'tool.sqsh'), '-quiet', '-no-progress');

    world = await startWorld({ cluster, python: standInAgentPython() });
    await serve('directives', WITH_HOME);
    await serve('homeless', BY_DIRECTIVES);
    world.start('--template-files', ...files('directives', 'homeless'), '--queue', 'directives', 'homeless');
    await serve('documented', BY_SRUN);
    await serve('variables', WITH_VARIABLES);
    const own = ['--srun-delegation', '--state-dir', join(world.folder, 'delegating')];
    world.start(...own, '--template-files', ...files('documented', 'variables'), '--queue', 'documented', 'variables');

    await enqueue('srun', 'documented', { image: `docker://${IMAGE}` });
    await enqueue('directives', 'directives', { image: IMAGE });
    await enqueue('file', 'directives', { image: join(folder, 'tool.sqsh') });
    await enqueue('variables', 'variables', { image: `docker://${IMAGE.replace('/', '#')}` });
    await enqueue('two nodes', 'documented', {
      image: IMAGE,
      properties: { num_nodes: '2' },
      code: RANKS_MEET + TELLS,
    });
    await enqueue('fails', 'documented', { image: IMAGE, code: 'raise SystemExit(3)' });
    await enqueue('no image', 'documented', { image: 'nvcr.io/lab/missing:1' });
    await enqueue('homeless', 'homeless', { image: IMAGE });
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function serve(name: string, template: string): Promise<void> {
    await world.write(`${name}.template`, template.replaceAll('{folder}', folder));
    await world.user.makeQueue(name);
  }

  function files(...names: readonly string[]): string[] {
    return names.map((name) => join(world.folder, `${name}.template`));
  }

  interface Wishes {
    readonly image: string;
    readonly code?: string;
    readonly properties?: Readonly<Record<string, string>>;
  }

  async function enqueue(name: string, queue: string, { image, code = TELLS, properties = {} }: Wishes): Promise<void> {
    const task = await world.user.makeTask({ code, properties, more: { container: { image } } });
    await world.user.enqueue(task, await world.user.makeQueue(queue));
    tasks.set(name, task);
  }

  function taskOf(name: string): string {
    return tasks.get(name) ?? '';
  }

  async function untilEnded(name: string, status: string): Promise<string> {
    const task = taskOf(name);
    const ended = await world.until(task, 'the task to end', (seen) => /completed|failed/.test(seen.status));
    const said = await world.user.console(task);
    expect(ended.status, said).to.equal(status);
    return ended.status_message;
  }

  async function consoleOfCompleted(name: string): Promise<string> {
    await untilEnded(name, 'completed');
    await world.untilConsole(taskOf(name), 'ended COMPLETED');
    return world.user.console(taskOf(name));
  }

  it("runs by ClearML's template that wraps srun and has no line for the agent, unchanged", async () => {
    expect(await consoleOfCompleted('srun')).to.include('inside True of bash rank 0');
  });

  it('runs with the whole script in the image of another registry, named in a directive, and sees what is mounted', async () => {
    const said = await consoleOfCompleted('directives');
    expect(said).to.include('inside True of bash').and.include('data True flavour image image');
  });

  it('runs in an image in a squashfs file', async () => {
    expect(await consoleOfCompleted('file')).to.include('inside True of bash');
  });

  it("finds its own value of a variable that --container-env names, and the image's of another", async () => {
    expect(await consoleOfCompleted('variables')).to.include('flavour job image');
  });

  it('runs on two nodes, each in a container, and is one task', async () => {
    const said = await consoleOfCompleted('two nodes');
    expect(said).to.include('inside True of bash rank 0').and.include('inside True of bash rank 1');
  });

  it('fails as its program does', async () => {
    await untilEnded('fails', 'failed');
    await world.untilConsole(taskOf('fails'), 'ended FAILED (exit code 3)');
  });

  it('fails in the words of the plugin when there is no such image', async () => {
    await untilEnded('no image', 'failed');
    await world.untilConsole(taskOf('no image'), 'failed to import docker image: docker://nvcr.io#lab/missing:1');
  });

  it('fails with what to do when the container sees no clearml.conf', async () => {
    expect(await untilEnded('homeless', 'failed')).to.include('clearml.conf');
  });
});

/** With variables of its own, as images have them. */
async function makeImageWithVariables(image: string): Promise<void> {
  await makeImageWithAgent(image);
  await writeFile(join(image, 'inside'), '');
  await mkdir(join(image, '.singularity.d/env'), { recursive: true });
  const variables = 'export FLAVOUR=image TASTE=image PATH=/usr/local/bin:/usr/bin:/bin\n';
  await writeFile(join(image, '.singularity.d/env/10-docker2singularity.sh'), variables);
}
