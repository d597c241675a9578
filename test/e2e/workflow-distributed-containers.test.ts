// The example of distributed training in containers: PyTorch on two nodes of real Slurm, with Apptainer and the stand-in for Pyxis.
// The image has PyTorch and the SDK, but neither pip nor clearml-agent: both nodes use the agent of the first.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { APPTAINER_BESIDE } from '../set-up/slurm-roots.mjs';
import { buildPyxisStandIn } from '../stand-ins/pyxis/stand-in-pyxis.ts';
import { agentPackages, nameImage } from '../support/image-with-agent.ts';
import { makeImageWithTorch } from '../support/image-with-torch.ts';
import { freePorts } from '../support/loopback-port.ts';
import {
  requireAgent,
  requireCompiler,
  requireSandbox,
  requireSlurmVersion,
  requireTorch,
} from '../support/skip-unless.ts';
import { enqueueTraining, expectTrained, exportsForTraining, untilAllReport } from './distributed-training.ts';
import { startWorkflowBed, type WorkflowBed } from './workflow-bed.ts';

const README = 'examples/workflows/distributed-pytorch/README.md';

/** What the README has in place of the line of the agent, or before it. */
const BY_APPTAINER = /^ {4,}(srun singularity exec \S+)$/m;
const BY_PYXIS = /^ {4,}srun\(\) \{\n[^]*?\n {4,}\}$/m;

const IMAGE = 'docker://lab/torch:1';

describe('distributed training with PyTorch in containers', () => {
  let folder: string;
  let bed: WorkflowBed;
  const tasks = new Map<string, string>();

  before(requireAgent);
  before(requireSandbox);
  before(requireTorch);
  before(requireCompiler);
  before(requireSlurmVersion(APPTAINER_BESIDE));
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pyxis-'));
    const image = join(folder, 'image');
    await makeImageWithTorch(image, await agentPackages());
    const images = join(folder, 'images');
    await nameImage(image, images, 'lab/torch:1');
    const extraLines = await buildPyxisStandIn(APPTAINER_BESIDE, { folder, images });
    bed = await startWorkflowBed('distributed-pytorch', {
      settings: { version: APPTAINER_BESIDE, extraLines },
      // It is outside of every container.
      python: resolve('test/fixtures/agent/python'),
    });
    const readme = await readFile(README, 'utf8');
    const [, apptainer = expect.fail(`${README} has no command for Apptainer`)] = BY_APPTAINER.exec(readme) ?? [];
    const [pyxis = expect.fail(`${README} has no function for Pyxis`)] = BY_PYXIS.exec(readme) ?? [];
    await writeTemplate('apptainer', () => apptainer);
    await writeTemplate('pyxis', (agent) => `${pyxis}\n${agent}`);
    await bed.serve({ apptainer: 'apptainer.template' }, '--singularity-mode');
    const state = join(bed.world.folder, 'state-of-pyxis');
    await bed.serve({ pyxis: 'pyxis.template' }, '--srun-delegation', '--state-dir', state);
    await enqueue('apptainer', image, 2);
    await enqueue('pyxis', IMAGE, 1);
  });
  after(async () => {
    await bed[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  /** The template of the example, with a directory that its nodes share, as they share no /tmp. */
  async function writeTemplate(name: string, change: (agent: string) => string): Promise<void> {
    const text = await readFile(join(bed.world.folder, 'example/distributed.template'), 'utf8');
    const exported = exportsForTraining(await freePorts(1), `TMPDIR=${bed.world.folder}`);
    const changed = text
      .replace('--output=clearml-', `--output=${name}-`)
      .replace('\n${CLEARML_PRE', (start) => `\n${exported}${start}`)
      .replace('${CLEARML_AGENT_EXECUTE}', (agent) => change(agent));
    await writeFile(join(bed.world.folder, `example/${name}.template`), changed);
  }

  async function enqueue(queue: string, image: string, gpus: number): Promise<void> {
    tasks.set(
      queue,
      await enqueueTraining(bed, { queue, nodes: 2, gpus, args: { iterations: 30, seconds: 0 }, image }),
    );
  }

  for (const [runtime, nodes, queue, processes] of [
    ['Apptainer', 'two nodes with two GPUs each', 'apptainer', 4],
    ['Pyxis', 'two nodes', 'pyxis', 2],
  ] as const) {
    it(`completes with ${runtime} and the node's clearml-agent on ${nodes}`, async () => {
      const task = tasks.get(queue) ?? '';
      await expectTrained(bed, task, 30);
      await untilAllReport(bed, task, processes);
      const log = await logOf(queue);
      expect(log.match(/using the clearml-agent of the node/g), log).to.have.length(2);
    });
  }

  async function logOf(queue: string): Promise<string> {
    const files = await readdir(bed.world.folder);
    const name = files.find((file) => file.startsWith(`${queue}-`)) ?? expect.fail(`no log among ${files.join(' ')}`);
    return readFile(join(bed.world.folder, name), 'utf8');
  }
});
