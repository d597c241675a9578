// The test bed of the example of GPU types: real Slurm that claims to have GPUs, and tasks that print which of them they get.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { startSlurmCluster, type SlurmCluster } from '../support/slurm-cluster.ts';
import type { ClusterSettings } from '../support/slurm-conf.ts';
import { startWorld, type World } from './world.ts';

const FOLDER = 'examples/workflows/gpu-types';

/** The settings of the README, which are indented there. */
const SETTINGS = /^ {7}agent\.slurm\.queues\.gpus (\{\n[^]*?\n {7}\})$/m;

/** The type of a slice of a GPU. */
export const MIG = 'a100_1g.5gb';

/** Prints the numbers of its GPUs on the node, and whether it runs in the image. */
const PRINTS_GPUS = `import os
names = ["CUDA_VISIBLE_DEVICES", "SLURM_JOB_GPUS"]
print("GPUs:", *[os.environ.get(name) for name in names], os.path.exists("/inside"), flush=True)
`;

/** Ends when it gets the signal. */
export const AWAITS_SIGNAL = `import os, signal, time
node = os.environ["SLURMD_NODENAME"]
got = []
signal.signal(signal.SIGUSR1, lambda number, frame: got.append(number))
print("ready on", node, flush=True)
while not got: time.sleep(0.1)
print("saves on", node, flush=True)
`;

export interface GpuTask {
  readonly properties?: Readonly<Record<string, string>>;
  readonly image?: string;
  readonly code?: string;
}

export interface GpuBed {
  readonly world: World;
  readonly cluster: SlurmCluster;
  readonly readme: string;
  /** Serves a queue of this name by the template of the example. @param change of its text @param options of the daemon */
  serve(queue: string, change?: (template: string) => string, ...options: readonly string[]): Promise<void>;
  /** Makes a task of this name, and enqueues it. */
  enqueue(queue: string, name: string, task: GpuTask): Promise<void>;
  taskOf(name: string): string;
  /** What the completed task has printed after `GPUs:`. */
  gpusOf(name: string): Promise<string | undefined>;
  /** Sends the signal to the job of a task whose code is AWAITS_SIGNAL, and expects each rank to get it. */
  expectSignal(name: string, ranks: number): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface GpuBedWishes {
  /** Of the cluster. Its `extraLines` follow those of the partition. */
  readonly settings?: Partial<ClusterSettings>;
  /** The queues for which clearml.conf has the settings of the README. */
  readonly queues: readonly string[];
  /** The Python of the nodes, with clearml-agent. */
  readonly pythonOf: (cluster: SlurmCluster) => string | Promise<string>;
}

export async function startGpuBed({ settings = {}, queues, pythonOf }: GpuBedWishes): Promise<GpuBed> {
  const readme = await readFile(join(FOLDER, 'README.md'), 'utf8');
  const template = await readFile(join(FOLDER, 'gpu-types.template'), 'utf8');
  const [, permitted = expect.fail('the README has no settings')] = SETTINGS.exec(readme) ?? [];
  const cluster = await startSlurmCluster({
    gpusPerNode: 2,
    gpuTypes: ['a100', 'h100', MIG],
    ...settings,
    extraLines: ['PartitionName=gpu Nodes=ALL State=UP PreemptMode=OFF', ...(settings.extraLines ?? [])],
  });
  const world = await startWorld({
    cluster,
    python: await pythonOf(cluster),
    slurm: (nameOf) => `queues { ${queues.map((queue) => `${nameOf(queue)} ${permitted}`).join(', ')} }`,
  });
  const tasks = new Map<string, string>();

  function taskOf(name: string): string {
    return tasks.get(name) ?? expect.fail(`no task "${name}"`);
  }

  /** Waits until each rank has printed this text and its node, and returns the nodes. */
  async function untilPrinted(task: string, text: string, ranks: number): Promise<string[]> {
    const line = `^(?:RANK \\d+: )?${text} (\\S+)$`;
    await world.untilConsole(task, new RegExp(`(?:${line}[^]*){${ranks}}`, 'm'));
    const found = (await world.user.console(task)).matchAll(new RegExp(line, 'gm'));
    return [...found].map(([, node = '']) => node).toSorted();
  }

  return {
    world,
    cluster,
    readme,
    async serve(queue, change = (text) => text, ...options) {
      await world.user.makeQueue(queue);
      // Its tasks need no package.
      const quick = template.replace(
        '\n${CLEARML_PRE',
        (line) => `\nexport CLEARML_AGENT_SKIP_PYTHON_ENV_INSTALL=1${line}`,
      );
      const file = await world.write(`${queue}.template`, change(quick));
      const state = ['--state-dir', join(world.folder, `state-of-${queue}`)];
      world.start(...options, ...state, '--template-files', file, '--queue', world.nameOf(queue));
    },
    async enqueue(queue, name, { properties = {}, image, code = PRINTS_GPUS }) {
      const task = await world.user.makeTask({
        code,
        properties: { cpus: '1', memory: '100M', ...properties },
        more: image === undefined ? {} : { container: { image } },
      });
      await world.user.enqueue(task, await world.user.makeQueue(queue));
      tasks.set(name, task);
    },
    taskOf,
    async gpusOf(name) {
      const task = taskOf(name);
      const { status } = await world.until(task, 'the task to end', (seen) => /completed|failed/.test(seen.status));
      const printed = await world.user.console(task);
      expect(status, printed).to.equal('completed');
      return /^GPUs: (.*)$/m.exec(printed)?.[1];
    },
    async expectSignal(name, ranks) {
      const task = taskOf(name);
      const nodes = await untilPrinted(task, 'ready on', ranks);
      const [job = ''] = await world.jobsOf(task);
      // As Slurm does before the time limit.
      await cluster.run('scancel', '--batch', '--signal=USR1', job);
      await world.untilStatus(task, 'completed');
      // The first rank completes the task; another one may still have to send its last line.
      expect(await untilPrinted(task, 'saves on', ranks)).to.deep.equal(nodes);
      expect(new Set(nodes)).to.have.property('size', ranks);
    },
    async [Symbol.asyncDispose]() {
      await world[Symbol.asyncDispose]();
      await cluster.stop();
    },
  };
}

/** The template with these options of sbatch. */
export function withOptions(template: string, ...options: readonly string[]): string {
  return template.replace('#SBATCH', () => `${options.map((option) => `#SBATCH ${option}\n`).join('')}#SBATCH`);
}
