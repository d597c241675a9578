// Probes a site for init: the cluster, the ClearML server, and this machine.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ClusterSettings } from '../config/cluster-settings.ts';
import type { Fact } from '../doctor/check-result.ts';
import { CommandNotFoundError } from '../transport/errors.ts';
import type { Transport } from '../transport/transport.ts';
import { isTransportError, SlurmUnavailableError } from '../slurm/errors.ts';
import { queryCluster, type ClusterProbe } from '../doctor/probe-cluster.ts';
import { serverQueues } from '../doctor/probe-server.ts';
import { createTransport } from '../assembly/create-transport.ts';
import type { App } from '../assembly/app.ts';
import { slurmCommands, withSlurmCommands } from '../assembly/locate-slurm-programs.ts';
import type { ReachablePartition } from '../doctor/reachable-partitions.ts';
import type { UnitKind } from './generate-unit-files.ts';
import { parseShellFacts, SHELL_PROBE_SCRIPT, type ShellFacts } from './probe-login-shell.ts';

const TIMEOUT_MS = 60_000;

/** What init finds at a site. */
export interface Site {
  readonly clusterName: string;
  readonly version: string;
  readonly partitions: readonly ReachablePartition[];
  /** As in a job script with `#!/bin/bash`. */
  readonly plainShell: ShellFacts;
  /** As in a job script with `#!/bin/bash -l`. */
  readonly loginShell: ShellFacts;
  readonly hasPyxis: boolean;
  readonly server: Awaited<ReturnType<typeof serverQueues>>;
  /** What can keep the daemon running on this machine, and why. */
  readonly supervisor: { readonly kind: UnitKind; readonly why: string };
}

/** @throws SlurmUnavailableError if the cluster cannot be queried */
export async function probeSite(app: App, cluster: ClusterSettings): Promise<Site> {
  const answers = await queryCluster(app, cluster);
  const controller = mustKnow(answers.controller, answers);
  const partitions = mustKnow(answers.partitions, answers);
  const names = slurmCommands(app.config.settings.slurm.binaries);
  const host = withSlurmCommands(await createTransport(cluster, app.context), app.config.settings.slurm, cluster);
  try {
    const [plain, login, help, server, keeper] = await Promise.all([
      probeShell(host, []),
      probeShell(host, ['-l']),
      output(host, names.sbatch, ['--help']),
      serverQueues(app, cluster.schedulerQueue),
      findKeeper(app, cluster),
    ]);
    return {
      clusterName: controller.clusterName,
      version: controller.version,
      partitions,
      plainShell: plain,
      loginShell: login,
      hasPyxis: help.includes('--container-image'),
      server,
      supervisor: keeper,
    };
  } finally {
    await host.close();
  }
}

/** @throws SlurmUnavailableError with the first error */
function mustKnow<T>(fact: Fact<T>, { connection: way, commands }: ClusterProbe): T {
  if (fact.kind === 'known') return fact.value;
  const why = [way, commands, fact].find(({ kind }) => kind === 'unavailable');
  const words = why?.kind === 'unavailable' ? why.why : 'the Slurm commands are missing';
  throw new SlurmUnavailableError(`${words}. Run clearml-agent-slurm doctor, which names the fix.`);
}

async function probeShell(host: Transport, flags: readonly string[]): Promise<ShellFacts> {
  return parseShellFacts(await output(host, 'bash', [...flags, '-s'], SHELL_PROBE_SCRIPT));
}

/** Empty if it cannot run. */
async function output(host: Transport, program: string, args: readonly string[], stdin = ''): Promise<string> {
  try {
    return (await host.run({ program, args, stdin, timeoutMs: TIMEOUT_MS })).stdout;
  } catch (error) {
    if (error instanceof CommandNotFoundError || isTransportError(error)) return '';
    throw error;
  }
}

/** What can keep the daemon running on this machine. */
async function findKeeper({ context }: App, cluster: ClusterSettings): Promise<Site['supervisor']> {
  const runtime = context.environment['XDG_RUNTIME_DIR'];
  const socket = runtime === undefined ? undefined : join(runtime, 'systemd', 'private');
  if (socket !== undefined && existsSync(socket))
    return { kind: 'systemd', why: `Your systemd user instance runs on this machine (${socket}).` };
  const here = await createTransport({ ...cluster, ssh: undefined }, context);
  try {
    const why = 'No systemd user instance runs on this machine, but';
    if ((await output(here, 'bash', ['-s'], MAY_USE_CRON)).includes('yes'))
      return { kind: 'cron', why: `${why} crontab -l works.` };
    // A job of a remote cluster has neither these files nor the connection of this machine.
    if (cluster.ssh !== undefined)
      return {
        kind: 'systemd',
        why: 'Neither a systemd user instance nor cron is available on this machine: ask an admin to install the service in /etc/systemd/system.',
      };
    return {
      kind: 'slurm-job',
      why: 'Neither a systemd user instance nor cron is available on this machine, so a small job runs the daemon.',
    };
  } finally {
    await here.close();
  }
}

const MAY_USE_CRON = `if command -v crontab >/dev/null && ! crontab -l 2>&1 | grep -q 'not allowed'; then echo yes; fi\n`;
