// The example of GPU types in containers, with the real agent and a stand-in for Pyxis.
// Debian 12, which has Slurm 22.05, has no Apptainer, and the stand-in for Pyxis needs it too: workflow-gpus.test.ts runs on any release.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { APPTAINER_BESIDE } from '../set-up/slurm-roots.mjs';
import { buildPyxisStandIn } from '../stand-ins/pyxis/stand-in-pyxis.ts';
import { agentPackages, makeNamedImage } from '../support/image-with-agent.ts';
import { requireAgent, requireCompiler, requireSlurmVersion } from '../support/skip-unless.ts';
import { AWAITS_SIGNAL, MIG, startGpuBed, withOptions, type GpuBed } from './gpu-tasks.ts';

const IMAGE = 'docker://lab/tool:1';

const SIGNAL = '--signal=B:USR1@120';

describe('a task with the user properties gpu_type and gpus', () => {
  let folder: string;
  let bed: GpuBed;

  before(requireAgent);
  before(requireCompiler);
  before(requireSlurmVersion(APPTAINER_BESIDE));
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pyxis-'));
    const { image, images } = await makeNamedImage(folder, { packages: await agentPackages() });
    const extraLines = await buildPyxisStandIn(APPTAINER_BESIDE, { folder, images });
    bed = await startGpuBed({
      settings: { version: APPTAINER_BESIDE, extraLines },
      queues: ['apptainer', 'pyxis'],
      // It is outside of every container.
      pythonOf: () => resolve('test/fixtures/agent/python'),
    });
    await bed.enqueue('apptainer', 'apptainer', { properties: { gpu_type: 'h100', gpus: '2' }, image });
    await bed.enqueue('pyxis', 'pyxis', { properties: { gpu_type: MIG, gpus: '2' }, image: IMAGE });
    await bed.enqueue('apptainer', 'apptainer, with signal', { image, code: AWAITS_SIGNAL });
    await bed.enqueue('pyxis', 'pyxis, with signal', { image: IMAGE, code: AWAITS_SIGNAL });
    await bed.serve(
      'apptainer',
      (text) => withOptions(text, SIGNAL).replace('${CLEARML_AGENT', (agent) => `srun singularity exec ${agent}`),
      '--singularity-mode',
    );
    await bed.serve('pyxis', (text) => withOptions(text, SIGNAL, `--container-image=${IMAGE}`));
  });
  after(async () => {
    await bed[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  it('(in an Apptainer container) sees the GPUs of its job', async () => {
    expect(await bed.gpusOf('apptainer')).to.equal('2,3 2,3 True');
  });

  it('(in a Pyxis container) sees the GPUs of its job', async () => {
    expect(await bed.gpusOf('pyxis')).to.equal('4,5 4,5 True');
  });

  for (const [where, name] of [
    ['an Apptainer', 'apptainer, with signal'],
    ['a Pyxis', 'pyxis, with signal'],
  ] as const)
    it(`(in ${where} container) receives SIGUSR1 when Slurm signals the batch shell`, () => bed.expectSignal(name, 1));
});
