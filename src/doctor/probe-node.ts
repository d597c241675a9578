// Submits a probe job to a node, reads its results, and leaves neither job nor file behind.
import { systemClock, sleepUnlessStopped } from '../base/clock.ts';
import type { ClusterSettings } from '../config/cluster-settings.ts';
import {
  type NodeFound,
  probeName,
  probeScript,
  parseProbe,
  type ProbeContainer,
  type ProbePlace,
} from './node-script.ts';
import { known, unavailable, type Fact } from './check-result.ts';
import { findDistrustOnHost } from '../transport/path-trust-on-host.ts';
import type { CommandResult, Transport } from '../transport/transport.ts';
import { isTransportError } from '../slurm/errors.ts';
import { isLive } from '../slurm/job-state.ts';
import type { UnixAccount } from '../base/resolve-user-map.ts';
import type { JobId, JobKey, Scheduler } from '../slurm/scheduler.ts';
import { openCluster, randomToken } from '../assembly/open-cluster.ts';
import type { App } from '../assembly/app.ts';

const POLL_MS = 1_000;
/** A job that waits longer tells nothing about the nodes. */
const TIMEOUT_MS = 10 * 60_000;
/** The end of the output may arrive late over a network file system. */
const READ_TRIES = 10;
const READ_TIMEOUT_MS = 30_000;

export interface ProbeOptions {
  readonly place: ProbePlace;
  /** The container to probe; undefined: none. */
  readonly container: ProbeContainer | undefined;
}

/** @throws SshConfigError */
export async function probeNode(
  app: App,
  cluster: ClusterSettings,
  { place, container }: ProbeOptions,
): Promise<Fact<NodeFound>> {
  const { host, scheduler } = await openCluster(app, cluster, app.log);
  try {
    return await probe({ app, cluster, host, scheduler, place, container });
  } catch (error) {
    if (isTransportError(error)) return unavailable(error.message);
    throw error;
  } finally {
    await host.close();
  }
}

interface Probing extends ProbeOptions {
  readonly app: App;
  readonly cluster: ClusterSettings;
  readonly host: Transport;
  readonly scheduler: Scheduler;
}

async function probe({ app, cluster, host, scheduler, place, container }: Probing): Promise<Fact<NodeFound>> {
  const { api, slurm } = app.config.settings;
  const { stop, stderr } = app.context;
  const jobName = probeName(randomToken());
  const logFolder = await findLogFolder(host, cluster.sharedDir, slurm.trustedGroup);
  if (logFolder.kind !== 'known') return logFolder;
  const outputFile = `${logFolder.value}/${jobName}.log`;
  const script = probeScript({
    place,
    outputFile,
    apiServer: api.apiServer ?? '',
    verifiesCertificate: api.verifyCertificate !== false,
    python: cluster.python,
    sharedDir: cluster.sharedDir,
    container,
  });
  const outcome = await scheduler.submit({ jobName, script });
  if (outcome.kind !== 'accepted') return unavailable(`sbatch failed: ${outcome.message}`);
  const id = outcome.jobId;
  stderr(`Waiting for probe job ${id} (${jobName}).\n`);
  try {
    const why = await waitForEnd(scheduler, { id, name: jobName }, stop);
    if (why !== undefined) {
      await scheduler.cancel([{ id, name: jobName }]);
      return unavailable(`job ${id} ${why}; doctor cancelled the job`);
    }
    return await readOutput(host, outputFile, id);
  } finally {
    await removeLeftFile(host, outputFile, stderr);
  }
}

/**
 * Slurm follows a link at the path of the log, so the log must be where no other user can create one. Slurm creates no directory: another
 * check reports that the shared directory is missing.
 */
async function findLogFolder(
  host: Transport,
  sharedDir: string | undefined,
  trustedGroup: string | undefined,
): Promise<Fact<string>> {
  const whys: string[] = [];
  const isShared = sharedDir !== undefined && (await isDirectory(host, sharedDir));
  for (const folder of [...(isShared ? [sharedDir] : []), await homeFolder(host)]) {
    const why = await findDistrustOnHost(host, folder, trustedGroup);
    if (why === undefined) return known(folder);
    whys.push(why);
  }
  return unavailable(`no job was submitted because other users could change the log of the job: ${whys.join('; ')}`);
}

async function isDirectory(host: Transport, path: string): Promise<boolean> {
  return (await host.run({ program: 'test', args: ['-d', path], timeoutMs: READ_TIMEOUT_MS })).exitCode === 0;
}

async function homeFolder(host: Transport): Promise<string> {
  const { stdout } = await host.run({ program: 'printenv', args: ['HOME'], timeoutMs: READ_TIMEOUT_MS });
  return stdout.trim();
}

/** Why the wait ended before the job; undefined if the job has ended. */
export async function waitForEnd(
  scheduler: Scheduler,
  { id, name, unixUser }: JobKey,
  stop: AbortSignal,
  accounts: readonly UnixAccount[] = [],
): Promise<string | undefined> {
  const since = systemClock.now();
  let reason = '';
  while (systemClock.now() - since < TIMEOUT_MS) {
    if (stop.aborted) return 'had not ended when doctor was interrupted';
    const list = await scheduler.list(undefined, accounts);
    if (list.kind === 'listed') {
      const job = list.jobs.find((one) => one.id === id && one.name === name && one.unixUser === unixUser);
      if (job === undefined || !isLive(job.state)) return undefined;
      reason = job.reason ?? job.stateWord;
    }
    await sleepUnlessStopped(systemClock, POLL_MS, stop);
  }
  return `did not end within ${TIMEOUT_MS / 60_000} minutes (${reason})`;
}

async function readOutput(host: Transport, file: string, id: JobId): Promise<Fact<NodeFound>> {
  let text = '';
  for (let tries = 0; tries < READ_TRIES; tries += 1) {
    text = (await host.run({ program: 'cat', args: [file], timeoutMs: READ_TIMEOUT_MS })).stdout;
    const found = parseProbe(text);
    if (found !== undefined) return known(found);
    await systemClock.sleep(POLL_MS);
  }
  return unavailable(
    text === ''
      ? `job ${id} has ended, but its output file ${file} is not visible on ${host.name}`
      : `the output of job ${id} is incomplete`,
  );
}

const REMOVE_TIMEOUT_MS = 30_000;

/** Removes a file of ours. If that fails, it prints a message and does not throw. */
export async function removeLeftFile(host: Transport, file: string, stderr: (text: string) => void): Promise<void> {
  const why = await host
    .run({ program: 'rm', args: ['-f', '--', file], timeoutMs: REMOVE_TIMEOUT_MS })
    .then(whyNotRemoved, (error: unknown) => {
      if (isTransportError(error)) return error.message;
      throw error;
    });
  if (why !== undefined) stderr(`${file} could not be removed on ${host.name}: ${why}. Remove it by hand.\n`);
}

function whyNotRemoved({ exitCode, stderr }: CommandResult): string | undefined {
  if (exitCode === 0) return undefined;
  return (
    stderr.trim() || (exitCode === undefined ? 'rm was killed by a signal' : `rm ended with exit code ${exitCode}`)
  );
}
