// The arguments that a job adds to the command of its container, with a stand-in for Singularity that prints them.
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ContainerFacts } from '../../src/sbatch-template/containers/plan-singularity-image-and-options.ts';
import { JOB_EXIT_CODES } from '../../src/sbatch-template/job-script/job-exit-codes.ts';
import { containerFacts, createNode, fillIn, jobFacts, PLAIN_TEMPLATE, type JobRun, type Node } from './job-script.ts';

const TEMPLATE = PLAIN_TEMPLATE.replace('${CLEARML_AGENT', 'singularity exec ${CLEARML_AGENT');

const SINGULARITY = `#!/bin/bash
while [ "$1" != bash ]; do echo "given: $1"; shift; done
eval "\${STAND_IN_INSIDE:-}"
exec "$@"
`;

const CONTAINER = containerFacts({ options: ['--rocm', '--no-home'] });

/** The variables that Slurm sets for a job with two GPUs, depending on gres.conf. */
const GPUS = { SLURM_JOB_GPUS: '0,1', SLURM_GPUS_ON_NODE: '2' };
const NVIDIA = { CUDA_VISIBLE_DEVICES: '0,1' };
const AMD = { ROCR_VISIBLE_DEVICES: '0,1' };

/** The option for the GPUs of this machine, if it has any. */
const OWN_GPUS = existsSync('/dev/nvidiactl') ? '--nv' : existsSync('/dev/kfd') ? '--rocm' : undefined;

describe('the container of a job', () => {
  let node: Node;
  beforeEach(() => {
    node = createNode();
    mkdirSync(join(node.home, 'bin'));
    writeFileSync(join(node.home, 'bin/singularity'), SINGULARITY, { mode: 0o755 });
  });
  afterEach(() => {
    node.remove();
  });

  function run(env: Record<string, string>, overrides: Partial<ContainerFacts> = {}): Promise<JobRun> {
    const script = fillIn(TEMPLATE, jobFacts({ container: { ...CONTAINER, ...overrides }, python: node.python }));
    return node.run(script, { PATH: `${join(node.home, 'bin')}:/usr/bin:/bin`, ...env });
  }

  /** The GPU options among the options of Singularity. */
  async function shown(env: Record<string, string>, overrides: Partial<ContainerFacts> = {}): Promise<string[]> {
    const { exitCode, stdout, stderr } = await run(env, overrides);
    expect(exitCode, stderr).to.equal(0);
    const given = [...stdout.matchAll(/^given: (.*)$/gm)].map(([, word]) => word ?? '');
    expect(given.at(-1)).to.equal('/images/torch.sif');
    return given.filter((word) => ['--nv', '--rocm'].includes(word));
  }

  for (const [what, env, option] of [
    ['no GPUs', {}, []],
    ['NVIDIA GPUs', { ...GPUS, ...NVIDIA }, ['--nv']],
    ['AMD GPUs', { ...GPUS, ...AMD }, ['--rocm']],
    ['GPUs but neither CUDA_VISIBLE_DEVICES nor ROCR_VISIBLE_DEVICES', GPUS, ['--nv']],
    ['GPUs, CUDA_VISIBLE_DEVICES and ROCR_VISIBLE_DEVICES', { ...GPUS, ...NVIDIA, ...AMD }, ['--nv']],
  ] as const) {
    it(`gets ${option.join() || 'no GPU option'} if the job has ${what}`, async () => {
      // If this machine has GPU devices, they decide.
      const isDecidedHere = OWN_GPUS !== undefined && option.length > 0;
      expect(await shown(env, { options: [] })).to.deep.equal(isDecidedHere ? [OWN_GPUS] : option);
    });
  }

  it('gets the configured option --rocm even if the job has no GPUs', async () => {
    expect(await shown({})).to.deep.equal(['--rocm']);
    expect(await shown({ ...GPUS, ...AMD })).to.include('--rocm');
  });

  it('starts under set -euo pipefail', async () => {
    const template = TEMPLATE.replace('${CLEARML_PRE_SETUP}', 'set -euo pipefail\n${CLEARML_PRE_SETUP}');
    const script = fillIn(template, jobFacts({ container: CONTAINER, python: node.python }));
    const { exitCode, stdout, stderr } = await node.run(script, { PATH: `${join(node.home, 'bin')}:/usr/bin:/bin` });
    expect(exitCode, stderr).to.equal(0);
    expect(stdout).to.include('given: /images/torch.sif').and.include('after the agent');
  });

  it('inherits neither PYTHONPATH nor exported functions of the node, even if the template sets IFS', async () => {
    const strict = "set -euo pipefail\nIFS=$'\\n\\t'\nmodule() { :; }\nexport -f module\n${CLEARML_PRE_SETUP}";
    const template = TEMPLATE.replace('${CLEARML_PRE_SETUP}', () => strict);
    const script = fillIn(template, jobFacts({ container: CONTAINER, python: node.python }));
    const { exitCode, stdout, stderr } = await node.run(script, {
      PATH: `${join(node.home, 'bin')}:/usr/bin:/bin`,
      PYTHONPATH: '/node/packages',
      STAND_IN_INSIDE: 'echo "inside: ${PYTHONPATH:-no path} $(type -t module)"',
    });
    expect(exitCode, stderr).to.equal(0);
    expect(stdout).to.match(/^inside: no path $/m);
  });

  it('does not start from an image in a working directory that other users can write to', async () => {
    const folder = join(node.home, '..');
    writeFileSync(join(folder, 'torch.sif'), '');
    expect((await run({}, { image: './torch.sif' })).exitCode).to.equal(0);
    chmodSync(folder, 0o777);
    const { exitCode, stdout, stderr } = await run({ TMPDIR: node.home }, { image: './torch.sif' });
    expect(exitCode).to.equal(JOB_EXIT_CODES.untrustedPath.code);
    expect(stderr).to.include(`${folder} can be written by everybody`);
    expect(stdout).not.to.include('given:');
  });

  it("fails with advice if it has no pip and no copy of the node's clearml-agent", async () => {
    const inside = 'rm -r "$CLEARML_SLURM_JOB_FOLDER/agent-of-node"; export STAND_IN_HAS_AGENT=no STAND_IN_PIP=fails';
    const { exitCode, stderr } = await run({ STAND_IN_INSIDE: inside });
    expect(exitCode).to.equal(JOB_EXIT_CODES.noPythonInImage.code);
    expect(stderr)
      .to.match(
        /cannot use the clearml-agent of the job's first node, whose \S+\/agent-of-node does not exist on this node\. /,
      )
      .and.include('Use an image with pip or clearml-agent, or export TMPDIR before CLEARML_PRE_SETUP');
  });
});
