// Looks at everything a task needs on its way, and prints what is good, what is in the way, and the fix.
import { commonOptions } from '../setting-options.ts';
import { resolve } from 'node:path';
import type { ClusterSettings } from '../../config/clusters.ts';
import { ConfigError } from '../../config/errors.ts';
import { CLUSTER_CHECKS, type ClusterSeen } from '../../doctor/cluster-checks.ts';
import { HERE_CHECKS, type HereFacts } from '../../doctor/here-checks.ts';
import {
  countBad,
  examine,
  formatDoctorJson,
  formatSections,
  formatSummary,
  type Section,
} from '../../doctor/report.ts';
import { NODE_CHECKS } from '../../doctor/node-checks.ts';
import type { NodeFound } from '../../doctor/node-found.ts';
import type { ProbePlace } from '../../doctor/node-script.ts';
import { known, trouble, unasked, type Fact } from '../../doctor/result.ts';
import type { CommandContext, Typed } from '../command.ts';
import { EXIT } from '../../base/exit-codes.ts';
import { isPlainName } from '../../init/site.ts';
import { knownSecrets } from '../../assembly/known-secrets.ts';
import { probeCluster } from '../../doctor/probe-cluster.ts';
import { probeServer } from '../../doctor/probe-server.ts';
import { probeTemplates } from '../../doctor/probe-templates.ts';
import { readNamedFile } from '../../assembly/named-file.ts';
import { configuredTemplates } from '../../assembly/named-templates.ts';
import { painter } from '../../base/paint.ts';
import { probeNode } from '../../doctor/probe-node.ts';
import { containerOf, type ProbedTemplate } from '../../doctor/probed-container.ts';
import { createAppWith, type App } from '../../assembly/app.ts';
import { readConfig } from '../../assembly/read-config.ts';
import { switchOption, textOption } from '../typed-options.ts';
import { UsageError } from '../../base/usage-error.ts';

/** @throws UsageError */
export async function doctor(typed: Typed, context: CommandContext): Promise<number> {
  const app = readBaseOrWhyNot(typed, context);
  const sections = app instanceof ConfigError ? [unreadable(app)] : await lookAtAll(typed, app);

  // What programs and servers said may hold anything.
  const stdout = (text: string): void => {
    context.stdout(knownSecrets(context).redact(text));
  };
  if (switchOption(typed, 'json') === true) {
    stdout(formatDoctorJson(sections));
  } else {
    const columns = context.terminalSize?.().columns ?? Infinity;
    stdout(formatSections(sections, { paint: painter(context), columns }));
    stdout(formatSummary(sections));
  }
  return countBad(sections) > 0 ? EXIT.failed : EXIT.ok;
}

function readBaseOrWhyNot(typed: Typed, context: CommandContext): App | ConfigError {
  try {
    return createAppWith(commonOptions(typed), { config: readConfig(commonOptions(typed), context), context });
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

function unreadable({ message }: ConfigError): Section {
  const nobodyLooked = unasked('not looked at: it takes the configuration');
  return examine<HereFacts>(undefined, HERE_CHECKS, {
    configuration: trouble(message),
    server: nobodyLooked,
    credentials: nobodyLooked,
    version: nobodyLooked,
    serverAheadMs: nobodyLooked,
    queues: nobodyLooked,
    templates: nobodyLooked,
  });
}

async function lookAtAll(typed: Typed, app: App): Promise<Section[]> {
  const { files, warnings, settings } = app.config;
  const isOnNode = switchOption(typed, 'on-node') === true;
  const partition = partitionOption(typed);
  try {
    const [server, templates, ...clusters] = await Promise.all([
      probeServer(app),
      probeTemplates(app),
      ...settings.clusters.map((cluster) => probeCluster(app, cluster)),
    ]);
    const here = { configuration: known({ files, warnings }), ...server, templates };
    const sections = [examine(undefined, HERE_CHECKS, here)];
    for (const [at, seen] of clusters.entries()) {
      const title = seen.name === undefined ? 'Slurm' : `Cluster ${seen.name}`;
      sections.push(examine(title, CLUSTER_CHECKS, seen));
      const cluster = settings.clusters[at];
      if (isOnNode && cluster !== undefined) {
        sections.push(await lookAtNode(app, cluster, { title: `${title}, on a node`, seen, partition }));
      }
    }
    return sections;
  } finally {
    await app.closeLog();
  }
}

interface NodeQuestion {
  readonly title: string;
  readonly seen: ClusterSeen;
  readonly partition: string | undefined;
}

async function lookAtNode(
  app: App,
  cluster: ClusterSettings,
  { title, seen, partition }: NodeQuestion,
): Promise<Section> {
  const { slurm, api, containers } = app.config.settings;
  const container = containerOf(await readTemplates(app), cluster, { ...containers, isOurs: slurm.singularityMode });
  const found: Fact<NodeFound> =
    seen.controller.kind === 'known'
      ? await probeNode(app, cluster, {
          place: placeFor(seen, partition),
          container: container.kind === 'known' ? container.value : undefined,
        })
      : unasked('not looked at: no job could be submitted');
  return examine(title, NODE_CHECKS, {
    found,
    apiServer: api.apiServer ?? '',
    sharedDir: cluster.sharedDir,
    agentVersion: slurm.agentVersion,
    needsContainers: slurm.singularityMode,
    container,
  });
}

/** Those of the configuration that can be read: another row tells of the others. */
async function readTemplates({ config, context }: App): Promise<ProbedTemplate[]> {
  const files = configuredTemplates(config.settings);
  const read = files.map(async (file) => ({
    file,
    text: await readNamedFile('template', resolve(context.workingDir, file), 'doctor'),
  }));
  const ended = await Promise.allSettled(read);
  return ended.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
}

/**
 * The partition that was named, else Slurm's own where it takes our jobs, else the first that does; and under which account and
 * QOS, where it does not take the usual ones.
 */
function placeFor({ partitions }: ClusterSeen, named: string | undefined): ProbePlace {
  const all = partitions.kind === 'known' ? partitions.value : [];
  const open = all.filter(({ name, closedBecause }) => closedBecause === undefined && isPlainName(name));
  const isUsualOpen = open.some(({ isDefault }) => isDefault);
  const chosen = named === undefined && !isUsualOpen ? open[0]?.name : named;
  const { entrances = [] } =
    all.find(({ name, isDefault }) => (chosen === undefined ? isDefault : name === chosen)) ?? {};
  const [way] = entrances;
  if (way === undefined || (way.isDefault && way.qos === undefined) || !isPlainName(way.account + (way.qos ?? '')))
    return { partition: chosen, account: undefined, qos: undefined };
  return { partition: chosen, account: way.account, qos: way.qos };
}

/** It stands in a line of the job's script. */
function partitionOption(typed: Typed): string | undefined {
  const partition = textOption(typed, 'partition');
  if (partition === undefined || /^[\w.,-]+$/.test(partition)) return partition;
  throw new UsageError(`--partition needs the name of a partition, as sinfo shows it, not "${partition}".`);
}
