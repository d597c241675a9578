// How a job finds or pulls the file of its image, with a stand-in for Singularity that records its pulls.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import type { ContainerFacts } from '../../src/sbatch-template/containers/plan-singularity-image-and-options.ts';
import { JOB_EXIT_CODES } from '../../src/sbatch-template/job-script/job-exit-codes.ts';
import { containerFacts, createNode, fillIn, jobFacts, PLAIN_TEMPLATE, type JobRun, type Node } from './job-script.ts';

const TEMPLATE = PLAIN_TEMPLATE.replace('${CLEARML_AGENT', 'singularity exec ${CLEARML_AGENT');

/** Its pull lasts while a file "hold" exists, and fails if a file "refuse" exists. */
const SINGULARITY = `#!/bin/bash
here=\${0%/*}
if [ "$1" = pull ]; then
  echo "$4" >>"$here/pulled"
  while [ -e "$here/hold" ]; do sleep 0.05; done
  if [ -e "$here/refuse" ]; then printf 'INFO: x\\nFATAL: manifest unknown\\n' >&2; exit 255; fi
  echo "pull $(wc -l <"$here/pulled")" >"$3"
else
  while [ "$1" != bash ]; do image=$1; shift; done
  echo "image: $(cat "$image")"
  exec "$@"
fi
`;

describe('jobs with the same image', () => {
  let node: Node;
  let bin: string;
  let file: string;
  beforeEach(() => {
    node = createNode();
    bin = join(node.home, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'singularity'), SINGULARITY, { mode: 0o755 });
    file = join(node.home, 'images', 'python=3.12.sif');
  });
  afterEach(() => {
    node.remove();
  });

  function script(overrides: Partial<ContainerFacts> = {}): string {
    const container = containerFacts({
      image: 'docker://python:3.12',
      imageName: 'python:3.12',
      pulledImage: file,
      ...overrides,
    });
    return fillIn(TEMPLATE, jobFacts({ container, python: node.python }));
  }

  function run(overrides: Partial<ContainerFacts> = {}, jobId = '1'): Promise<JobRun> {
    return node.run(script(overrides), environment(jobId));
  }

  function environment(jobId: string): Record<string, string> {
    return { PATH: `${bin}:/usr/bin:/bin`, SLURM_JOB_ID: jobId };
  }

  function pulls(): string[] {
    const path = join(bin, 'pulled');
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
  }

  function leftovers(): string[] {
    return readdirSync(dirname(file)).filter((name) => name !== '.apptainer');
  }

  it('pull the image once if twenty jobs start together', async () => {
    const runs = await Promise.all(Array.from({ length: 20 }, (_, index) => run({}, String(index))));
    for (const { exitCode, stdout, stderr } of runs) {
      expect(exitCode, stderr).to.equal(0);
      expect(stdout).to.include('image: pull 1\n');
    }
    expect(pulls()).to.deep.equal(['docker://python:3.12']);
    expect(leftovers()).to.have.members(['python=3.12.sif', 'python=3.12.sif.lock']);
  });

  it('pull the image again if docker_force_pull is set', async () => {
    await run();
    expect((await run({ forcePull: true })).stdout).to.include('image: pull 2\n');
  });

  it('end without running the task if the pull of the image fails', async () => {
    writeFileSync(join(bin, 'refuse'), '');
    const { exitCode, stderr } = await run();
    expect(exitCode).to.equal(JOB_EXIT_CODES.imageNotPulled.code);
    expect(stderr.trim().split('\n').at(-1))
      .to.include(JOB_EXIT_CODES.imageNotPulled.meaning)
      .and.include('FATAL: manifest unknown');
    expect(node.calls().filter((call) => call.startsWith('gate'))).to.deep.equal([]);

    await run();
    expect(pulls()).to.have.length(2);
  });

  it('pull the image again if the first job was killed during the pull', async () => {
    writeFileSync(join(bin, 'hold'), '');
    const first = node.start(script(), environment('1'));
    await first.until('the first pull', () => pulls().length === 1);
    const second = node.start(script(), environment('2'));
    process.kill(-(first.process.pid ?? 0), 'SIGKILL');
    await second.until('the second pull', () => pulls().length === 2);
    rmSync(join(bin, 'hold'));
    expect((await second.ended).stdout).to.include('image: pull 2\n');
    expect(leftovers()).to.have.members(['python=3.12.sif', 'python=3.12.sif.lock']);
  });

  it('do not pull the image if the site provides an image file', async () => {
    const siteImages = ['python_3.12.sif', 'python.sif'].map((name) => join(node.home, name));
    writeFileSync(siteImages[1] ?? '', 'of the site');
    const { stdout } = await run({ siteImages });
    expect(stdout).to.include('image: of the site\n');
    expect(pulls()).to.deep.equal([]);
  });
});
