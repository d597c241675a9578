// The test bed on real Slurm: cluster, server, links and daemons, each of which can be killed.
import { execFile, execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { standInAgentPython } from '../stand-ins/agent/stand-in-agent.ts';
import { connectApi, type ApiKeys, type User } from '../support/clearml-user.ts';
import type { SlurmVersion } from '../set-up/slurm-roots.mjs';
import { builtProgram } from '../support/built-program.ts';
import { startDelayingProxy, type DelayingProxy } from '../support/slurmctld-proxy.ts';
import { freePorts, isListening } from '../support/loopback-port.ts';
import { agentPythonFor } from '../support/slurm-root.ts';
import { namedServer, createTestNames } from '../support/server-of-run.ts';
import { startSlurmCluster, type SlurmCluster } from '../support/slurm-cluster.ts';
import { CLUSTER, MIN_JOB_AGE_MS, QUEUES, SCHEDULER_QUEUE } from './observed-history.ts';
import { RELEASES } from './options.ts';
import { program, restartable, type RestartableProcess } from './restartable-process.ts';
import { startLink, type Link } from './server-link.ts';
import { tracingTemplate } from './programs.ts';
import { KEYS, SERVER_CLOCK_FILE } from './server-record.ts';
import { installPrintedSudoers, openSharedService, sharedChoices, type SharedService } from './shared-service.ts';
import { openSshAccess, type SshProvider, type SshAccess } from './ssh-access.ts';

const execute = promisify(execFile);

export interface TestBed {
  readonly folder: string;
  readonly traceFile: string;
  readonly cluster: SlurmCluster;
  /** The link to the controller, for the daemons' commands only. */
  readonly controllerLink: DelayingProxy;
  readonly nodeLink: Link;
  readonly server: RestartableProcess;
  /** Contains the offset of the clock in milliseconds. */
  readonly serverClockFile: string;
  /** Whether the server's clock can be changed: not that of a server that the environment names. */
  readonly hasServerClock: boolean;
  readonly daemons: readonly DaemonProcess[];
  readonly user: User;
  readonly servedQueue: string;
  readonly otherQueue: string;
  /** Whether each daemon's state folder is on a separate small disk. */
  readonly hasSmallDisks: boolean;
  /** Set if the daemons reach the cluster over SSH. */
  readonly sshAccess: SshAccess | undefined;
  /** Set if the tasks belong to several users. */
  readonly shared: SharedService | undefined;
  /** The slurm.conf that only the daemons' commands use. */
  readonly commandsConf: string;
  /** See `TestBedOptions`. */
  readonly isPatient: boolean;
  stop(keep: boolean): Promise<void>;
}

export interface DaemonProcess extends RestartableProcess {
  readonly name: string;
  readonly stateFolder: string;
  readonly journal: string;
  /** Contains the offset of the clock in milliseconds. */
  readonly clockFile: string;
  /** The link between the daemon and the server. */
  readonly link: Link;
}

export interface TestBedOptions {
  readonly agent: 'real' | 'stand-in';
  readonly daemons: number;
  /** undefined for the Slurm of this machine. */
  readonly version: SlurmVersion | undefined;
  /** undefined if the daemons are on the cluster's machine. */
  readonly over: SshProvider | undefined;
  /** The seed of a shared service; undefined if all tasks and jobs have the same user. */
  readonly shared?: number | undefined;
  /** The released version as which each daemon starts first; undefined for the current one. */
  readonly upgradeFrom?: string | undefined;
  /**
   * For a loaded machine: grace periods, Slurm's node timeouts and MinJobAge are longer, and agents may take minutes for what takes
   * seconds. The run then finds errors less often.
   */
  readonly isPatient: boolean;
  /**
   * Whether the run itself loads the machine. Slurm then remembers ended jobs for two minutes instead of 20 s, as for a shared service: a
   * daemon that does not poll for half a minute cannot see a user's scancel otherwise. The default is five minutes.
   */
  readonly isUnderLoad?: boolean;
}

/** A URL, because the programs start in another directory. */
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const SERVER = resolve('test/chaos/server-process.ts');
const SHIFTED_CLOCK = pathToFileURL(resolve('test/chaos/shifted-clock.mjs')).href;

/** The timeouts after which daemons give up a task or a job are longer than the longest fault. */
function settings(isPatient: boolean): string {
  const graces = isPatient
    ? 'end_sec: 15, stop_sec: 60, adopt_sec: 6, absent_sec: 60'
    : 'end_sec: 5, stop_sec: 12, adopt_sec: 6, absent_sec: 15';
  return `
    poll_interval_sec: 1
    queue_poll_interval_sec: 1
    sbatch_timeout_sec: ${isPatient ? 120 : 20}
    command_timeout_sec: ${isPatient ? 120 : 20}
    grace { ${graces}, start_sec: 300 }`;
}

/** Returns the path of the program. */
function unpackRelease(version: string, folder: string): string {
  execFileSync('tar', ['-xzf', join(RELEASES, `${version}.tgz`), '-C', folder]);
  return join(folder, version, 'dist/cli/main.cjs');
}

export async function openTestBed({
  agent,
  daemons: count,
  version,
  over,
  shared: sharedSeed,
  upgradeFrom,
  isPatient,
  isUnderLoad = false,
}: TestBedOptions): Promise<TestBed> {
  const built = builtProgram();
  const folder = await mkdtemp(join(tmpdir(), 'chaos-'));
  const isShared = sharedSeed !== undefined;
  const older = upgradeFrom === undefined ? built : unpackRelease(upgradeFrom, folder);
  const traceFile = join(folder, 'traces.jsonl');
  const nodeConf = join(folder, 'node.conf');
  const template = join(folder, 'chaos.template');
  const jobsFolder = join(folder, 'jobs');
  const daemonNames = Array.from({ length: count }, (_, index) => `daemon-${index + 1}`);
  const named = namedServer();
  const keys = named ?? KEYS;
  const [userPort = 0, nodeFront = 0, nodePort = 0, ...ports] = await freePorts(3 + 2 * count);
  const placeOf = (index: number): { front: number; port: number } => ({
    front: ports[2 * index] ?? 0,
    port: ports[2 * index + 1] ?? 0,
  });

  const cluster = await startSlurmCluster({
    version,
    clusterName: 'chaos',
    nodeCount: 3,
    minJobAgeMs: isPatient || isUnderLoad || isShared ? 6 * MIN_JOB_AGE_MS : MIN_JOB_AGE_MS,
    killWaitMs: 2_000,
    messageTimeoutMs: isPatient ? 10_000 : 3_000,
    slurmdTimeoutMs: isPatient ? 60_000 : 20_000,
    extraLines: isShared && sharedChoices(sharedSeed).hidesJobs ? ['PrivateData=jobs'] : [],
  });
  const controllerLink = await startDelayingProxy(cluster.controllerPort);
  const commandsConf = cluster.confThroughPort(controllerLink.port);

  await mkdir(jobsFolder);
  await writeFile(traceFile, '');
  await writeFile(nodeConf, conf(keys, nodePort, ''), { mode: 0o600 });

  const fronts = [
    `user=${userPort}`,
    `node=${nodeFront}`,
    ...daemonNames.map((name, index) => `${name}=${placeOf(index).front}`),
  ];
  const server = restartable(
    () =>
      program(
        { logPath: join(folder, 'server.log'), cwd: folder },
        ...['--import', TSX, SERVER, folder, named?.url ?? '', ...fronts],
      ),
    () => isListening(userPort),
  );
  await server.start();
  const api = await connectApi({ ...keys, url: address(userPort) });
  const names = await createTestNames(api);
  const { nameOf, user } = names;
  const shared = isShared
    ? await openSharedService(sharedSeed, {
        isLocal: over === undefined,
        api,
        url: address(userPort),
        jobConf: (of) => conf(of, nodePort, ''),
      })
    : undefined;
  const sshAccess = over === undefined ? undefined : await openSshAccess(over, shared?.daemonUser);
  const configure = shared?.configure ?? `export CLEARML_CONFIG_FILE=${nodeConf}`;
  await writeFile(template, tracingTemplate(traceFile, configure, jobsFolder));
  if (shared !== undefined) {
    await chmod(folder, 0o755);
    await chmod(jobsFolder, 0o777);
    await chmod(traceFile, 0o666);
  }
  const servedQueue = await user.makeQueue(QUEUES.served);
  const otherQueue = await user.makeQueue(QUEUES.other);

  const nodeLink = await startLink(nodePort, nodeFront);
  const daemons: DaemonProcess[] = [];
  const python = agent === 'real' ? await agentPythonFor(version) : standInAgentPython();
  let hasSmallDisks = true;
  for (const [index, name] of daemonNames.entries()) {
    const { front, port } = placeOf(index);
    const home = join(folder, name);
    const stateFolder = join(home, 'state');
    await mkdir(stateFolder, { recursive: true });
    hasSmallDisks &&= await mountSmallDisk(stateFolder);
    await shared?.own(home, stateFolder);
    const own = `agent {
  worker_name: ${nameOf('glue')}
  venvs_dir: ${folder}/venvs
  slurm {
    state_dir: ${stateFolder}
    python: ${python}${settings(isPatient)}${shared?.settings(nameOf(QUEUES.served)) ?? ''}
    slurm_conf: ${commandsConf}
    ${cluster.binDir === undefined ? '' : `slurm_bin_dir: ${cluster.binDir}`}
    ${sshAccess === undefined ? `scheduler_queue: ${nameOf(QUEUES.scheduler)}` : `scheduler_queue: ${nameOf(SCHEDULER_QUEUE)}, clusters { ${CLUSTER} { ${sshAccess.settings} } }`}
  }
}
`;
    const ownConf = join(home, 'clearml.conf');
    await writeFile(ownConf, conf(keys, port, own), { mode: 0o600 });
    await shared?.own(ownConf);
    const clockFile = join(home, 'clock');
    const environment = {
      HOME: home,
      CHAOS_CLOCK: clockFile,
      ...shared?.environment,
      ...sshAccess?.environment,
    };
    // Its daemons have the same Unix users and the same commands.
    if (shared !== undefined && index === 0) await installPrintedSudoers(shared, environment, built);
    const args = ['--template-files', template, '--queue', nameOf(QUEUES.served)];
    const log = join(home, 'log');
    daemons.push({
      name,
      stateFolder,
      journal: join(stateFolder, sshAccess === undefined ? '' : CLUSTER, 'journal.jsonl'),
      link: await startLink(port, front),
      clockFile,
      ...restartable(async () => {
        const hasServed = (await readFile(log, 'utf8').catch(() => '')).includes(' Serving ');
        return program(
          { logPath: log, cwd: jobsFolder, environment, prefix: shared?.prefix },
          ...['--import', SHIFTED_CLOCK, hasServed ? built : older, ...args],
        );
      }),
    });
  }

  return {
    folder,
    traceFile,
    cluster,
    controllerLink,
    nodeLink,
    server,
    serverClockFile: join(folder, SERVER_CLOCK_FILE),
    hasServerClock: named === undefined,
    daemons,
    user,
    servedQueue,
    otherQueue,
    hasSmallDisks,
    sshAccess,
    shared,
    commandsConf,
    isPatient,
    async stop(keep) {
      await Promise.all(daemons.map((daemon) => daemon.kill()));
      if (keep) {
        await keepLogs(cluster, join(folder, 'slurm'));
        if (sshAccess !== undefined) await writeFile(join(folder, 'sshd.log'), sshAccess.sshd.log());
      }
      await cluster.stop();
      await sshAccess?.stop();
      await shared?.stop();
      if (named !== undefined) {
        // The server may have been killed when the run ended.
        if (!server.isRunning()) await server.start();
        await names.tidy();
      }
      await server.kill();
      for (const { stateFolder, link } of daemons) {
        await link.stop();
        if (hasSmallDisks) await execute('umount', ['--lazy', stateFolder]).catch(() => undefined);
      }
      await nodeLink.stop();
      await controllerLink.stop();
      if (!keep) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function conf({ accessKey, secretKey }: Omit<ApiKeys, 'url'>, port: number, more: string): string {
  return `api {
  api_server: ${address(port)}
  web_server: ${address(port)}
  files_server: ${address(port)}
  credentials { access_key: "${accessKey}", secret_key: "${secretKey}" }
}
${more}`;
}

function address(port: number): string {
  return `http://127.0.0.1:${port}`;
}

function keepLogs({ slurmConf }: SlurmCluster, to: string): Promise<void> {
  const from = dirname(slurmConf);
  return cp(from, to, { recursive: true, filter: (file) => file === from || file.endsWith('.log') });
}

/** Needs root; otherwise the disk is never filled. Its size is enough for the journal, history and audit log of hours of rounds. */
async function mountSmallDisk(folder: string): Promise<boolean> {
  return execute('mount', ['-t', 'tmpfs', '-o', 'size=8m,mode=700', 'chaos', folder]).then(
    () => true,
    () => false,
  );
}
