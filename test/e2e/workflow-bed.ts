// The test bed of the workflow examples: a cluster with the partitions that their templates name, and a login node with the SDK.
import { appendFile, chmod, chown, copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { expect } from 'chai';
import * as z from 'zod';
import { agentPython } from '../support/skip-unless.ts';
import type { SharedCluster } from '../support/shared-cluster.ts';
import { startSlurmCluster, type SlurmCluster } from '../support/slurm-cluster.ts';
import { ordinarySettings, type ClusterSettings } from '../support/slurm-conf.ts';
import { rootFor } from '../support/slurm-root.ts';
import type { TestAccount } from '../support/sshd.ts';
import { startStockAgent, type StockAgent } from './stock-agent.ts';
import { startWorld, type Program, type World } from './world.ts';

const execute = promisify(execFile);

export interface WorkflowBed {
  readonly world: World;
  /** Runs a program beside the agent's Python where a copy of the example is, and returns its output; it must succeed. */
  run(program: string, ...args: readonly string[]): Promise<string>;
  /** Makes these queues and serves each with this template of the example. @param options of the daemon */
  serve(templateOfQueue: Readonly<Record<string, string>>, ...options: readonly string[]): Promise<Program>;
  /** Has a stock clearml-agent in services mode serve this queue, as on a login node. */
  serveByStockAgent(queue: string): Promise<void>;
  /** The children of a task that are not controllers, by name. */
  childrenOf(task: string): Promise<readonly ChildTask[]>;
  /** Waits until the task completes; if it ends otherwise, fails with its console. */
  untilCompleted(task: string): Promise<string>;
  [Symbol.asyncDispose](): Promise<void>;
}

const ChildTask = z.object({ id: z.string(), name: z.string(), status: z.string() });
export type ChildTask = z.infer<typeof ChildTask>;

/**
 * The SDK's reporting subprocess sometimes misses the end of its parent (seen with 2.1.12), and both then wait forever; the test's
 * machine has no GPU to watch. The cache is the test's.
 */
const SDK_SETTINGS = (folder: string): string => `
sdk.development.report_use_subprocess: false
sdk.storage.cache.default_base_dir: "${folder}/cache"
`;

export interface WorkflowWishes {
  /** More lines of clearml.conf. */
  readonly sdkSettings?: string;
  /** Of the cluster. Its `extraLines` follow those of the partitions. */
  readonly settings?: Partial<ClusterSettings>;
  /** The Python of the nodes, with clearml-agent. */
  readonly python?: string;
  /** Used instead of a real cluster. The bed stops it. */
  readonly cluster?: SharedCluster & Pick<SlurmCluster, 'stop'>;
}

export async function startWorkflowBed(
  example: string,
  { sdkSettings = '', settings = {}, python, cluster: given }: WorkflowWishes = {},
): Promise<WorkflowBed> {
  const partitions = ['cpu', 'gpu'].map((name) => `PartitionName=${name} Nodes=ALL State=UP`);
  const extraLines = [...partitions, ...(settings.extraLines ?? [])];
  const cluster = given ?? (await startSlurmCluster({ gpusPerNode: 4, ...settings, extraLines }));
  const world = await startWorld({ cluster, python: python ?? (await pythonOf(cluster)) });
  await appendFile(join(world.home, 'clearml.conf'), SDK_SETTINGS(world.folder) + sdkSettings);
  const folder = join(world.folder, 'example');
  await mkdir(folder);
  await cp(resolve('examples/workflows', example), folder, { recursive: true });

  const environment = { ...world.environment, CLEARML_CONFIG_FILE: join(world.home, 'clearml.conf') };
  let stockAgent: StockAgent | undefined;

  async function run(program: string, ...args: readonly string[]): Promise<string> {
    const child = spawn(join(dirname(agentPython()), program), args, {
      cwd: folder,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    expect(child.exitCode, `${program} ${args.join(' ')}:\n${output}${errors}`).to.equal(0);
    return output;
  }

  return {
    world,
    run,
    async serve(templateOfQueue, ...options) {
      const queues = Object.keys(templateOfQueue);
      for (const queue of queues) await world.user.makeQueue(queue);
      const templates = Object.values(templateOfQueue).map((name) => join(folder, name));
      return world.start(...options, '--template-files', ...templates, '--queue', ...queues.map(world.nameOf));
    },
    async serveByStockAgent(queue) {
      await world.user.makeQueue(queue);
      stockAgent = startStockAgent(world.nameOf(queue), { folder: world.folder, environment });
    },
    async childrenOf(task) {
      const only_fields = ['id', 'name', 'status'];
      const { tasks } = await world.user.api('tasks.get_all', { parent: [task], only_fields, search_hidden: true });
      return z.array(ChildTask).parse(tasks);
    },
    async untilCompleted(task) {
      const isOver = ({ status }: { readonly status: string }): boolean =>
        ['completed', 'failed', 'stopped'].includes(status);
      const ended = await world.until(task, 'the task to end', isOver);
      const console = await world.user.console(task);
      expect(ended.status, console).to.equal('completed');
      return console;
    },
    async [Symbol.asyncDispose]() {
      await stockAgent?.stop();
      await world[Symbol.asyncDispose]();
      await cluster.stop();
    },
  };
}

/**
 * The real agent, for tasks on the nodes of this cluster. Those of another Slurm release are in the root of another Debian, whose Python
 * has neither the SDK nor PyTorch: there it runs with the file system of this machine.
 * @param user whose jobs these are, if not root
 */
export async function pythonOf({ binDir, slurmConf }: SharedCluster, user?: TestAccount): Promise<string> {
  if (binDir === undefined) return agentPython();
  const path = join(dirname(slurmConf), 'python-of-machine');
  const program = user === undefined ? 'nsenter' : await nsenterFor(user, dirname(slurmConf), binDir);
  const enter = `${program} --mount=/proc/${process.pid}/ns/mnt --wdns="$PWD"`;
  await writeFile(path, `#!/bin/sh\nexec ${enter} -- ${agentPython()} "$@"\n`, { mode: 0o755 });
  return path;
}

/**
 * The root's nsenter for this user, who gets the rights of root to enter and loses them inside. Such a program must not outlast the cluster:
 * it is in a file system in memory that only the cluster's mount namespace has.
 */
async function nsenterFor({ name, uid }: TestAccount, folder: string, binDir: string): Promise<string> {
  const root = (await rootFor(ordinarySettings.version)) ?? '/';
  const namespace = (await readFile(join(folder, 'namespace.pid'), 'utf8')).trim();
  const { stdout } = await execute('id', ['-g', name]);
  const gid = Number(stdout);
  const path = join(binDir, 'enter-machine');
  const copy = join(`/proc/${namespace}/root`, path);
  await copyFile(join(root, 'usr/bin/nsenter'), copy);
  // Of the user's group only, and setuid: a change of the owner removes that bit.
  await chown(copy, 0, gid);
  await chmod(copy, 0o4750);
  expect(existsSync(path), `${path} outside of the namespace`).to.equal(false);
  return `${path} --setuid ${uid} --setgid ${gid}`;
}

/** The id in the output of clearml-task and clearml-data. */
export function idIn(output: string): string {
  return /\bid=?:? ?([0-9a-f]{32})/.exec(output)?.[1] ?? expect.fail(`no id in:\n${output}`);
}
