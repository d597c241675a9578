// The images of tasks in containers: where they come from, how often they are pulled, and which ones fail.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { JOB_EXIT_CODES } from '../../src/sbatch-template/job-script/job-exit-codes.ts';
import type { ContainerTestBed } from './container-test-bed.ts';
import { SYNCHRONIZE_RANKS } from './synchronized-ranks.ts';

/** How many jobs start from an image that no job has pulled. */
const AT_ONCE = 5;

const PRINTS_WHETHER_BUILT = 'import os; print("init", os.path.exists("/.singularity.d"))';

/** Images that fail in the job, and the console messages. */
const FAILING_IMAGES = [
  {
    fault: 'a missing image file',
    image: '/no/such.sif',
    messages: [JOB_EXIT_CODES.containerNotStarted.meaning, 'lstat /no: no such file'],
  },
  {
    fault: 'a library:// image without a configured library',
    image: 'library://lab/tool:1.0',
    messages: [JOB_EXIT_CODES.imageNotPulled.meaning, 'remote has no library client'],
  },
];

/** Containers that fail before a job is submitted, and the console messages. */
const REJECTED_CONTAINERS: readonly (readonly [fault: string, container: Record<string, string>, message: string])[] = [
  ['an image name that looks like an option', { image: '--writable' }, 'is not the name of an image'],
  ['an image from a hub that has closed', { image: 'shub://lab/tool' }, 'which has closed'],
  ['a forbidden container argument', { arguments: '--security=x' }, 'is not allowed'],
  ['a forbidden mount', { arguments: '-v /etc:/x' }, 'must not be mounted'],
];

export async function enqueueImageTasks(testBed: ContainerTestBed): Promise<void> {
  const { enqueue, pushedImage, registry, privateRegistry, imageWithoutPython } = testBed;
  for (let number = 0; number < AT_ONCE; number += 1)
    await enqueue(`pulled ${number}`, 'import sys; print("version", sys.version)', {
      container: { image: pushedImage },
    });
  await enqueue('by name', PRINTS_WHETHER_BUILT, { container: { image: 'lab/small:2.0' } });
  const artifact = `oras://${privateRegistry.address}/lab/artifact:1.0`;
  await enqueue('artifact', PRINTS_WHETHER_BUILT, { container: { image: artifact } });
  await enqueue('three nodes', `${SYNCHRONIZE_RANKS}print("rank", rank, "of", size, flush=True)`, {
    properties: { num_nodes: '3' },
    container: { image: pushedImage },
  });
  const never = 'print("never")';
  await enqueue('no Python', never, { container: { image: imageWithoutPython } });
  await enqueue('unknown image', never, { container: { image: `${registry.address}/lab/nope:1.0` } });
  for (const { fault, image } of FAILING_IMAGES) await enqueue(fault, never, { container: { image } });
  for (const [fault, container] of REJECTED_CONTAINERS) await enqueue(fault, never, { container });
}

export function defineImageTests(testBed: () => ContainerTestBed): void {
  it('runs in the image file that the site provides, even if the image has no pip', async () => {
    const { world, taskOf, logOf, folder } = testBed();
    await world.untilStatus(taskOf('by name'), 'completed');
    await world.untilConsole(taskOf('by name'), '\ninit True\n');
    const log = await logOf('by name');
    expect(log).to.include(`using ${folder}/images/lab/small_2.0.sif as the image docker://lab/small:2.0`);
    // The artifact is the same image: the job that comes first makes the environment of both.
    await world.untilStatus(taskOf('artifact'), 'completed');
    expect(log + (await logOf('artifact'))).to.include('using the clearml-agent of the node');
  });

  it('runs in an image from an OCI registry that requires a login', async () => {
    const { world, taskOf, logOf, privateRegistry } = testBed();
    await world.untilStatus(taskOf('artifact'), 'completed');
    await world.untilConsole(taskOf('artifact'), '\ninit True\n');
    expect(await logOf('artifact')).to.include(`: pulled oras://${privateRegistry.address}/lab/artifact:1.0`);
  });

  it('shares one image pull and one clearml-agent installation with simultaneous tasks', async () => {
    const { world, taskOf, logOf, registry, folder } = testBed();
    await world.untilStatus(taskOf('three nodes'), 'completed');
    const logs = [await logOf('three nodes')];
    for (let number = 0; number < AT_ONCE; number += 1) {
      await world.untilStatus(taskOf(`pulled ${number}`), 'completed');
      await world.untilConsole(taskOf(`pulled ${number}`), '\nversion 3.');
      logs.push(await logOf(`pulled ${number}`));
    }
    expect(await registry.fetched('lab/tool')).to.equal(1);
    for (const line of [': pulled docker://', ': installing clearml-agent '])
      expect(logs.join('\n').split(line), line).to.have.length(2);
    // The two images in use have one environment each.
    expect(await readdir(join(folder, 'shared/agents'))).to.have.length(2);
  });

  it('runs once on each of three nodes, with the ranks 0, 1 and 2', async () => {
    const { world, taskOf } = testBed();
    const task = taskOf('three nodes');
    await world.untilStatus(task, 'completed');
    // The agent of the first rank ends the task, perhaps before the others have sent all their lines.
    for (const rank of [0, 1, 2]) await world.untilConsole(task, `rank ${rank} of 3`);
    expect([...(await world.user.console(task)).matchAll(/^rank \d of 3$/gm)]).to.have.length(3);
  });

  it('fails with a message in the console if its image has no Python or is missing in the registry', async () => {
    const { untilFailed } = testBed();
    await untilFailed('no Python', JOB_EXIT_CODES.noPythonInImage.meaning, 'no python3 and no python in');
    await untilFailed('unknown image', JOB_EXIT_CODES.imageNotPulled.meaning, 'manifest unknown');
  });

  for (const { fault, messages } of FAILING_IMAGES)
    it(`fails with Apptainer's message if it uses ${fault}`, () => testBed().untilFailed(fault, ...messages));

  for (const [fault, , message] of REJECTED_CONTAINERS) {
    it(`fails before sbatch if it uses ${fault}`, async () => {
      const { untilFailed, world, taskOf } = testBed();
      await untilFailed(fault, message);
      expect(await world.jobsOf(taskOf(fault))).to.deep.equal([]);
    });
  }
}
