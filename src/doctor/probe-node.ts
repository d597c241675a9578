// Sends a job of one minute to a node, waits for what it tells, and leaves neither job nor file behind.
import { systemClock } from '../base/clock.ts';
import { sleepUnlessStopped } from '../base/sleep-unless-stopped.ts';
import type { ClusterSettings } from '../config/clusters.ts';
import type { NodeFound } from './node-found.ts';
import { probeName, probeScript, readProbe, type ProbeContainer, type ProbePlace } from './node-script.ts';
import { known, unavailable, type Fact } from './result.ts';
import { distrustThere } from '../transport/files.ts';
import type { Transport } from '../transport/transport.ts';
import { isTransportError } from '../slurm/transport-errors.ts';
import { isLive } from '../slurm/job-state.ts';
import type { JobId, Scheduler } from '../slurm/scheduler.ts';
import { openCluster, randomToken } from '../assembly/open-cluster.ts';
import { removeLeftFile } from './leave-no-file.ts';
import type { App } from '../assembly/app.ts';

const LOOK_EVERY_MS = 1_000;
/** A queue that is longer tells nothing about the nodes. */
const PATIENCE_MS = 10 * 60_000;
/** What a node wrote last may come late over a network file system. */
const READ_TRIES = 10;
const READ_TIMEOUT_MS = 30_000;

export interface ProbeOptions {
  readonly place: ProbePlace;
  /** The container to look into; undefined: none. */
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
    jobName,
    place,
    outputFile,
    apiServer: api.apiServer ?? '',
    verifiesCertificate: api.verifyCertificate !== false,
    python: cluster.python,
    sharedDir: cluster.sharedDir,
    container,
  });
  const outcome = await scheduler.submit({ jobName, script });
  if (outcome.kind !== 'accepted') return unavailable(`Slurm took no job: ${outcome.words}`);
  const id = outcome.jobId;
  stderr(`Waiting for job ${id} (${jobName}), which looks around on a node.\n`);
  try {
    const why = await waitForEnd(scheduler, id, jobName, stop);
    if (why !== undefined) {
      await scheduler.cancel([id]);
      return unavailable(`job ${id} ${why}; it was cancelled`);
    }
    return await readOutput(host, outputFile, id);
  } finally {
    await removeLeftFile(host, outputFile, stderr);
  }
}

/** Slurm writes the log through whatever stands in its place: it goes where nobody else can put anything. */
async function findLogFolder(
  host: Transport,
  sharedDir: string | undefined,
  trustedGroup: string | undefined,
): Promise<Fact<string>> {
  const whys: string[] = [];
  for (const folder of [sharedDir, await homeFolder(host)]) {
    if (folder === undefined) continue;
    const why = await distrustThere(host, folder, trustedGroup);
    if (why === undefined) return known(folder);
    whys.push(why);
  }
  return unavailable(`no job was sent, as others could change its log: ${whys.join('; ')}`);
}

async function homeFolder(host: Transport): Promise<string> {
  const { stdout } = await host.run({ program: 'printenv', args: ['HOME'], timeoutMs: READ_TIMEOUT_MS });
  return stdout.trim();
}

/** Why it did not end by itself, or undefined when it did. */
async function waitForEnd(
  scheduler: Scheduler,
  id: JobId,
  jobName: string,
  stop: AbortSignal,
): Promise<string | undefined> {
  const since = systemClock.now();
  let reason = '';
  while (systemClock.now() - since < PATIENCE_MS) {
    if (stop.aborted) return 'was waited for no longer: we were interrupted';
    const list = await scheduler.list();
    if (list.kind === 'listed') {
      const job = list.jobs.find((one) => one.id === id && one.name === jobName);
      if (job === undefined || !isLive(job.state)) return undefined;
      reason = job.reason ?? job.stateWord;
    }
    await sleepUnlessStopped(systemClock, LOOK_EVERY_MS, stop);
  }
  return `did not end within ${PATIENCE_MS / 60_000} minutes (${reason})`;
}

async function readOutput(host: Transport, file: string, id: JobId): Promise<Fact<NodeFound>> {
  let text = '';
  for (let tries = 0; tries < READ_TRIES; tries += 1) {
    text = (await host.run({ program: 'cat', args: [file], timeoutMs: READ_TIMEOUT_MS })).stdout;
    const found = readProbe(text);
    if (found !== undefined) return known(found);
    await systemClock.sleep(LOOK_EVERY_MS);
  }
  return unavailable(
    text === ''
      ? `job ${id} has ended, but what it wrote to ${file} is not to be seen on ${host.name}`
      : `job ${id} ended before it had told all`,
  );
}
