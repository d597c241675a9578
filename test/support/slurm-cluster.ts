// A private Slurm cluster on loopback: real daemons on free ports in a temporary directory, with fault injectors.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { hostname, tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { startDaemon, type DaemonCommand, type ForegroundDaemon } from './foreground-daemon.ts';
import { freePorts, isListening, isLoopback } from './loopback-port.ts';
import { killJobProcesses } from './job-processes.ts';
import { startMunged } from './munge.ts';
import { addAccounts, databaseSocket, prepareDatabase, prepareSlurmdbd } from './slurm-accounting.ts';
import {
  cgroupConf,
  gpuFile,
  gresConf,
  nodeNames,
  ordinarySettings,
  slurmConf,
  type ClusterSettings,
} from './slurm-conf.ts';
import { environmentFor, runSlurm } from './slurm-command.ts';
import { retryAfterCrash } from './slurm-crash.ts';
import { enterRoot, rootFor } from './slurm-root.ts';
import { waitUntil } from './wait-until.ts';

export interface SlurmCluster {
  readonly slurmConf: string;
  /** Where this cluster's commands are, for `agent.slurm.slurm_bin_dir`; undefined: on the PATH. */
  readonly binDir: string | undefined;
  /** What a program needs in its environment to use this cluster and no other. */
  readonly env: Readonly<Record<string, string>>;
  readonly nodes: readonly string[];
  /** Where slurmctld listens, for a proxy in front of it. */
  readonly controllerPort: number;
  /** What one of Slurm's commands prints; rejects when it fails, with its words in the message. */
  run(program: string, ...args: string[]): Promise<string>;
  /** Writes a second slurm.conf, for commands that shall reach the controller through this port, and returns its path. */
  confThroughPort(port: number): string;
  /** Rewrites slurm.conf and reconfigures the daemons. Options that need a restart (slurm.conf(5)) still need one. */
  change(options: Partial<ClusterSettings>): Promise<void>;
  /** The process id of slurmctld, and of a node's slurmd: for a test that has it stand still for a while. */
  controllerPid(): number;
  nodePid(name: string): number;
  /** SIGKILL: what was accepted in the last seconds may be lost, and its job ids handed out again. */
  killController(): Promise<void>;
  /** SIGTERM: it saves everything first. */
  stopController(): Promise<void>;
  /** Restarts it with the saved state, and waits until it responds. */
  startController(): Promise<void>;
  /** As when a machine loses its power: slurmd and all processes of the node's jobs are gone, without a report. */
  killNode(name: string): Promise<void>;
  /** Starts it again, and waits until it takes jobs. */
  startNode(name: string): Promise<void>;
  /** Restarts slurmd: its jobs continue, and it registers them with the controller. */
  restartNode(name: string): Promise<void>;
  /** Ends slurmdbd: jobs continue, but their history is not available. */
  stopAccounting(): Promise<void>;
  startAccounting(): Promise<void>;
  /** Ends all jobs and daemons, and removes the folder. */
  stop(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts munged, slurmctld and a slurmd for each node, before them the accounting if wished, and waits until all nodes are idle. */
export async function startSlurmCluster(options: Partial<ClusterSettings> = {}): Promise<SlurmCluster> {
  let settings: ClusterSettings = { ...ordinarySettings, ...options };
  const nodes = nodeNames(settings.nodeCount);
  const [controllerPort = 0, accountingPort = 0, ...nodePorts] = await freePorts(2 + nodes.length);
  const hostName = hostname().split('.')[0] ?? 'localhost';
  const { username: userName } = userInfo();
  const folder = makeFolder(nodes);
  const isHostOnLoopback = await isLoopback(hostName);
  const addresses = { folder, hostName, isHostOnLoopback, userName, controllerPort, accountingPort, nodePorts };
  const accounting = { folder, userName, clusterName: settings.clusterName, port: accountingPort };
  const conf = join(folder, 'slurm.conf');

  const daemons = new Map<string, ForegroundDaemon>();
  let isStopped = false;
  let env = environmentFor(conf, process.env);
  let binDir: string | undefined;

  async function start(
    name: string,
    command: Omit<DaemonCommand, 'logPath'>,
    isReady: () => boolean | Promise<boolean>,
  ): Promise<void> {
    const started = await startDaemon({
      env,
      name,
      // A core file of a crashed daemon stays out of the checkout.
      cwd: folder,
      ...command,
      logPath: join(folder, `${name}.log`),
      onCrash(signal, { pid, logTail }) {
        const log = logTail(20);
        retryAfterCrash({ name, program: command.program, pid, log }, signal, async () => {
          if (isStopped || daemons.get(name) !== started) return;
          await started.kill();
          await start(name, command, isReady);
        });
      },
    });
    daemons.set(name, started);
    await started.untilReady(isReady);
  }

  function daemon(name: string): ForegroundDaemon {
    const found = daemons.get(name);
    if (found === undefined)
      throw new RangeError(`this cluster has no ${name}: it has ${[...daemons.keys()].join(', ')}`);
    return found;
  }

  async function startDatabase(): Promise<void> {
    await start('mariadbd', await prepareDatabase(folder), () => existsSync(databaseSocket(folder)));
  }

  async function startAccounting(): Promise<void> {
    await start('slurmdbd', prepareSlurmdbd(accounting, env), () => isListening(accountingPort));
  }

  async function startController(): Promise<void> {
    await start('slurmctld', { program: 'slurmctld', args: ['-D', '-f', conf] }, () => isListening(controllerPort));
  }

  async function startNode(name: string): Promise<void> {
    const port = nodePorts[nodes.indexOf(name)] ?? 0;
    const isReady = async (): Promise<boolean> => (await isListening(port)) && (await isUp(name));
    await start(name, { program: 'slurmd', args: ['-D', '-N', name, '-f', conf] }, isReady);
  }

  /** In use counts as well: a node that comes back may be given a waiting job before we look. */
  async function isUp(node: string): Promise<boolean> {
    // A controller that has just started, on a busy machine too, may not respond in time.
    const states = await runSlurm(env, 'sinfo', ['--noheader', '--Node', '--nodes', node, '--format=%T']).catch(
      () => '',
    );
    return /^(idle|mixed|allocated|completing)$/m.test(states);
  }

  async function stop(): Promise<void> {
    isStopped = true;
    killJobProcesses(conf);
    const last = ['munged', 'namespace'];
    await Promise.all([...daemons].filter(([name]) => !last.includes(name)).map(([, running]) => running.kill()));
    killJobProcesses(conf);
    for (const name of last) await daemons.get(name)?.kill();
    if (settings.limitsMemory) for (const node of nodes) await removeMemoryGroup(node);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async function startNamespace(root: string): Promise<void> {
    const entered = await enterRoot(root, folder);
    daemons.set('namespace', entered.keeper);
    binDir = entered.binDir;
    env = environmentFor(conf, { ...process.env, PATH: `${binDir}:${process.env['PATH'] ?? ''}` });
  }

  try {
    const root = await rootFor(settings.version);
    if (root !== undefined) await startNamespace(root);
    writeFileSync(conf, slurmConf(settings, addresses));
    const gpus = settings.gpusPerNode * settings.gpuTypes.length;
    for (let index = 0; index < gpus; index += 1) makeDevice(gpuFile(folder, index));
    writeFileSync(join(folder, 'gres.conf'), gresConf(settings, folder));
    writeFileSync(join(folder, 'cgroup.conf'), cgroupConf(await slurmVersion(env), settings));
    daemons.set('munged', await startMunged(folder, env));
    if (settings.hasAccounting) {
      await startDatabase();
      await startAccounting();
      await addAccounts(accounting, (...args) => runSlurm(env, 'sacctmgr', ['--immediate', ...args]));
    }
    await startController();
    await Promise.all(nodes.map(startNode));
  } catch (error) {
    await stop();
    throw error;
  }

  return {
    slurmConf: conf,
    binDir,
    env: { SLURM_CONF: conf },
    nodes,
    controllerPort,
    run: (program, ...args) => runSlurm(env, program, args),
    confThroughPort(port) {
      const path = join(folder, `slurm-through-${String(port)}.conf`);
      writeFileSync(path, slurmConf(settings, { ...addresses, controllerPort: port }));
      return path;
    },
    async change(newWishes) {
      settings = { ...settings, ...newWishes };
      writeFileSync(conf, slurmConf(settings, addresses));
      await runSlurm(env, 'scontrol', ['reconfigure']);
    },
    controllerPid: () => daemon('slurmctld').pid,
    nodePid: (name) => daemon(name).pid,
    killController: () => daemon('slurmctld').kill(),
    stopController: () => daemon('slurmctld').stop(),
    startController,
    async killNode(name) {
      await daemon(name).kill();
      killJobProcesses(conf, name);
    },
    startNode,
    async restartNode(name) {
      await daemon(name).stop();
      await startNode(name);
    },
    stopAccounting: () => daemon('slurmdbd').stop(),
    startAccounting,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Slurm gives jobs the numbers of devices only. No program opens this one, which is another /dev/null. */
function makeDevice(path: string): void {
  if (process.getuid?.() === 0) execFileSync('mknod', [path, 'c', '1', '3']);
  else writeFileSync(path, '');
}

/**
 * What slurmd leaves of its groups of processes: a group is removed as an empty folder is, from below. One is busy until its killed
 * processes are gone.
 */
async function removeMemoryGroup(node: string): Promise<void> {
  const top = `/sys/fs/cgroup/memory/slurm_${node}`;
  let why = '';
  const remove = (): boolean => {
    if (!existsSync(top)) return true;
    const below = readdirSync(top, { recursive: true, withFileTypes: true, encoding: 'utf8' });
    const folders = below.filter((entry) => entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
    try {
      for (const folder of [top, ...folders].sort().reverse()) rmdirSync(folder);
      return true;
    } catch (error) {
      why = String(error);
      return false;
    }
  };
  await waitUntil(`${top} to be removed`, remove, { evidence: () => why });
}

/** Readable for every user, because the jobs of every user need the socket of munged; the controller's state is not. */
function makeFolder(nodes: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'slurm-'));
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'state'), { mode: 0o700 });
  for (const node of nodes) mkdirSync(join(folder, 'spool', node), { recursive: true });
  return folder;
}

async function slurmVersion(env: NodeJS.ProcessEnv): Promise<string> {
  return (await runSlurm(env, 'slurmd', ['-V'])).trim().split(' ').at(-1) ?? '';
}
