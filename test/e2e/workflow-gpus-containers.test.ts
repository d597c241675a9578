// The example of GPU types in containers, and on nodes of the same release, with a stand-in for the agent.
// Debian 12, which has Slurm 22.05, has no Apptainer, and the stand-in for Pyxis needs it too: workflow-gpus.test.ts runs on any release.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { standInAgentPython } from '../stand-ins/agent/stand-in-agent.ts';
import { APPTAINER_BESIDE } from '../set-up/slurm-roots.mjs';
import { makeNamedImage } from '../support/image-with-agent.ts';
import { buildPyxisStandIn } from '../stand-ins/pyxis/stand-in-pyxis.ts';
import { requireCompiler, requireSlurmVersion } from '../support/skip-unless.ts';
import { startSlurmCluster, type SlurmCluster } from '../support/slurm-cluster.ts';
import { waitUntil } from '../support/wait-until.ts';
import { startWorld, type World } from './world.ts';

const FOLDER = 'examples/workflows/gpu-types';

/** The lines of the README for clusters whose nodes have features, in place of the one with `--gres`. */
const byFeature = /^ {4}(#SBATCH --constraint=.*)\n {4}(#SBATCH --gres=.*)$/m;

/** The settings of the README, which are indented there. */
const settings = /^ {7}agent\.slurm\.queues\.gpus (\{\n[^]*?\n {7}\})$/m;

const TELLS = `import os
names = ["CUDA_VISIBLE_DEVICES", "SLURM_JOB_GPUS"]
print("GPUs:", *[os.environ.get(name) for name in names], os.path.exists("/inside"), flush=True)
`;

const TELLS_NODE = `import os
print("GPUs:", os.environ["SLURMD_NODENAME"], len(os.environ["CUDA_VISIBLE_DEVICES"].split(",")), flush=True)
`;

/** Ends when it gets the signal. */
const AWAITS_SIGNAL = `import os, signal, time
node = os.environ["SLURMD_NODENAME"]
got = []
signal.signal(signal.SIGUSR1, lambda number, frame: got.append(number))
print("ready on", node, flush=True)
while not got: time.sleep(0.1)
print("saves on", node, flush=True)
`;

const MIG = 'a100_1g.5gb';

describe('a task that selects its GPUs by user properties (with and without a container)', () => {
  let folder: string;
  let cluster: SlurmCluster;
  let world: World;
  const tasks = new Map<string, string>();

  before(requireSlurmVersion(APPTAINER_BESIDE));
  before(requireCompiler);
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pyxis-'));
    const { image, images } = await makeNamedImage(folder);
    const readme = await readFile(join(FOLDER, 'README.md'), 'utf8');
    const [, queue = ''] = settings.exec(readme) ?? [];
    const pyxis = await buildPyxisStandIn(APPTAINER_BESIDE, { folder, images });
    cluster = await startSlurmCluster({
      version: APPTAINER_BESIDE,
      extraLines: ['PartitionName=gpu Nodes=ALL State=UP PreemptMode=OFF', ...pyxis],
      gpusPerNode: 2,
      gpuTypes: ['a100', 'h100', MIG],
    });
    world = await startWorld({
      cluster,
      python: standInAgentPython(),
      slurm: (nameOf) =>
        `queues { ${nameOf('gpus')} ${queue}, ${nameOf('features')} ${queue}, ${nameOf('apptainer')} ${queue}, ${nameOf('pyxis')} ${queue} }`,
    });
    const text = await readFile(join(FOLDER, 'gpu-types.template'), 'utf8');
    await world.write('gpus.template', text);
    const [, ...lines] = byFeature.exec(readme) ?? expect.fail('the README has no lines for features');
    await world.write(
      'features.template',
      text.replace(/^#SBATCH --gres=.*$/m, () => lines.join('\n')),
    );
    for (const [node, feature] of [
      ['n1', 'a100'],
      ['n2', 'h100'],
    ] as const)
      await cluster.run(
        'scontrol',
        'update',
        `NodeName=${node}`,
        `AvailableFeatures=${feature}`,
        `ActiveFeatures=${feature}`,
      );
    const inApptainer = text.replace('${CLEARML_AGENT', () => 'srun singularity exec ${CLEARML_AGENT');
    await writeWarned('apptainer', inApptainer);
    await writeWarned('pyxis', withDirectives(text, '--container-image=docker://lab/tool:1'));
    await writeWarned('nodes', withDirectives(text, '--nodes=2', '--ntasks-per-node=1'));

    await enqueue('gpus', 'default', {});
    await enqueue('gpus', 'two', { gpu_type: 'h100', gpus: '2' });
    await enqueue('gpus', 'slice', { gpu_type: MIG });
    await enqueue('features', 'default feature', {}, undefined, TELLS_NODE);
    await enqueue('features', 'feature', { gpu_type: 'h100', gpus: '2' }, undefined, TELLS_NODE);
    await enqueue('features', 'unknown feature', { gpu_type: 'h100|a100' });
    await enqueue('gpus', 'unknown type', { gpu_type: 'tpu' });
    await enqueue('gpus', 'more in the type', { gpu_type: 'h100:8' });
    await enqueue('gpus', 'more in the number', { gpus: '1,gpu:h100:8' });
    await enqueue('gpus', 'too many', { gpus: '9' });
    await enqueue('apptainer', 'apptainer', { gpu_type: 'h100', gpus: '2' }, image);
    await enqueue('pyxis', 'pyxis', { gpu_type: MIG, gpus: '2' }, 'docker://lab/tool:1');
    await enqueue('apptainer', 'apptainer, with signal', {}, image, AWAITS_SIGNAL);
    await enqueue('pyxis', 'pyxis, with signal', {}, 'docker://lab/tool:1', AWAITS_SIGNAL);
    await enqueue('nodes', 'nodes, with signal', {}, undefined, AWAITS_SIGNAL);
    serve('gpus');
    serve('features');
    serve('apptainer', '--singularity-mode');
    serve('pyxis');
    serve('nodes');
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  });

  function withDirectives(text: string, ...options: readonly string[]): string {
    return text.replace('#SBATCH', `${options.map((option) => `#SBATCH ${option}\n`).join('')}#SBATCH`);
  }

  /** The template with a signal before the time limit. */
  async function writeWarned(name: string, text: string): Promise<void> {
    await world.write(`${name}.template`, withDirectives(text, '--signal=B:USR1@120'));
  }

  async function enqueue(
    queue: string,
    title: string,
    properties: Readonly<Record<string, string>>,
    image?: string,
    code = TELLS,
  ): Promise<void> {
    const task = await world.user.makeTask({
      code,
      properties: { cpus: '1', memory: '100M', ...properties },
      more: image === undefined ? {} : { container: { image } },
    });
    await world.user.enqueue(task, await world.user.makeQueue(queue));
    tasks.set(title, task);
  }

  function serve(queue: string, ...options: readonly string[]): void {
    const template = join(world.folder, `${queue}.template`);
    const state = ['--state-dir', join(world.folder, `state-of-${queue}`)];
    world.start(...options, ...state, '--template-files', template, '--queue', world.nameOf(queue));
  }

  /** The numbers of its GPUs on the node, and whether it ran in the image. */
  async function gpusOf(title: string): Promise<string | undefined> {
    const task = tasks.get(title) ?? '';
    const { status } = await world.until(task, 'the task to end', (seen) => /completed|failed/.test(seen.status));
    const printed = await world.user.console(task);
    expect(status, printed).to.equal('completed');
    return /^GPUs: (.*)$/m.exec(printed)?.[1];
  }

  it('finds the GPUs of its job in CUDA_VISIBLE_DEVICES when it runs directly on the node', async () => {
    expect(await gpusOf('default')).to.match(/^([01]) \1 False$/);
    expect(await gpusOf('two')).to.equal('2,3 2,3 False');
    expect(await gpusOf('slice')).to.match(/^([45]) \1 False$/);
  });

  it('runs on a node that has the requested GPU type as a feature', async () => {
    expect(await gpusOf('default feature')).to.equal('n1 1');
    expect(await gpusOf('feature')).to.equal('n2 2');
  });

  it('finds the GPUs of its job in an Apptainer container', async () => {
    expect(await gpusOf('apptainer')).to.equal('2,3 2,3 True');
  });

  it('finds the GPUs of its job in a Pyxis container', async () => {
    expect(await gpusOf('pyxis')).to.equal('4,5 4,5 True');
  });

  for (const [where, title, ranks] of [
    ['in an Apptainer container', 'apptainer, with signal', 1],
    ['in a Pyxis container', 'pyxis, with signal', 1],
    ['on two nodes', 'nodes, with signal', 2],
  ] as const) {
    it(`receives the signal of --signal=B:USR1 ${where}`, async () => {
      const task = tasks.get(title) ?? '';
      const areFrom = async (text: string): Promise<boolean> => (await linesOf(task, text)).length === ranks;
      const waiting = { everyMs: 250, progress: () => world.log().length };
      await waitUntil('the task to be ready', () => areFrom('ready on'), waiting);
      const [job = ''] = await world.jobsOf(task);
      // As Slurm does before the time limit.
      await cluster.run('scancel', '--batch', '--signal=USR1', job);
      await world.untilStatus(task, 'completed');
      // The first rank completes the task; another one may still have to send its last line.
      await waitUntil('each rank to save', () => areFrom('saves on'), waiting);
      const nodes = (await linesOf(task, 'ready on')).toSorted();
      expect((await linesOf(task, 'saves on')).toSorted()).to.deep.equal(nodes);
      expect(new Set(nodes)).to.have.property('size', ranks);
    });
  }

  async function linesOf(task: string, text: string): Promise<string[]> {
    const found = (await world.user.console(task)).matchAll(new RegExp(`^${text} (\\S+)$`, 'gm'));
    return [...found].map(([, node = '']) => node);
  }

  it('fails before a job is submitted if the queue does not permit its GPU type or number of GPUs', async () => {
    const accepts = `and the queue "${world.nameOf('gpus')}" accepts`;
    const messages = {
      'unknown type': `the user property "gpu_type" is "tpu", ${accepts} one of a100, h100, ${MIG}`,
      'more in the type': `the user property "gpu_type" is "h100:8", ${accepts} one of`,
      'more in the number': `the user property "gpus" is "1,gpu:h100:8", which is not a number, ${accepts} 1 to 8`,
      'unknown feature': `the user property "gpu_type" is "h100|a100", and the queue "${world.nameOf('features')}" accepts one of`,
      'too many': `the user property "gpus" is "9", ${accepts} 1 to 8`,
    };
    for (const [title, message] of Object.entries(messages)) {
      const task = tasks.get(title) ?? '';
      await world.untilStatus(task, 'failed');
      await world.untilConsole(task, message);
      expect(await world.jobsOf(task)).to.deep.equal([]);
    }
  });
});
