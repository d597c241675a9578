// Tasks in containers on real Slurm, by real Apptainer and the real clearml-agent, started by the command line of the documentation.
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect } from 'chai';
import { standInAgentPython } from '../../src/sandbox/agent/stand-in-agent.ts';
import { APPTAINER_BESIDE } from '../set-up/slurm-roots.mjs';
import { makeImage } from '../support/apptainer-image.ts';
import { agentPython, requireAgent, requireSlurmVersion } from '../support/requires.ts';
import { startSlurmCluster, type SlurmCluster } from '../support/slurm-cluster.ts';
import { startWorld, type World } from './world.ts';

/** As ClearML's Deployment page has it. */
const DOCUMENTED = readFileSync(new URL('../fixtures/templates/singularity.template', import.meta.url), 'utf8');

/** So that nothing has to be installed, and an abort is seen soon. */
const QUICK = '-e CLEARML_AGENT_SKIP_PYTHON_ENV_INSTALL=1 -e CLEARML_AGENT_QUEUE_POLL_FREQ_SEC=1';

describe('a task in a container', function () {
  this.timeout(120_000);
  let cluster: SlurmCluster;
  let world: World;
  let queue: string;
  let image: string;
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

  async function enqueue(code: string, container: Readonly<Record<string, string>> = {}): Promise<string> {
    const task = await world.user.makeTask({
      code,
      more: { container: { image, arguments: QUICK, ...container } },
    });
    await world.user.enqueue(task, queue);
    return task;
  }

  it('runs in the folder that is its image, which stays as it was', async () => {
    const task = await enqueue(
      'import os; print("the image has", sorted(os.listdir("/usr/bin"))[:2], os.environ["CLEARML_DOCKER_IMAGE"], flush=True)',
    );
    await world.untilStatus(task, 'completed');
    expect(await world.user.console(task)).to.include(`the image has ['bash', 'cat'] ${image}`);
  });
});
