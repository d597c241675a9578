// Probes everything that a task needs and checks the results.
import { resolve } from 'node:path';
import type { ClusterSettings } from '../config/cluster-settings.ts';
import { ConfigError } from '../config/errors.ts';
import { type ClusterSeen, CLUSTER_CHECKS } from './cluster-checks.ts';
import { type HereFacts, HERE_CHECKS } from './configuration-checks.ts';
import { examine, type Section } from './format-report.ts';
import type { NodeFound, ProbePlace } from './node-script.ts';
import { known, unavailable, unchecked, type Fact } from './check-result.ts';
import { isPlainName } from './reachable-partitions.ts';
import { probeCluster } from './probe-cluster.ts';
import { probeServer } from './probe-server.ts';
import { probeTemplates } from './probe-templates.ts';
import { readNamedFile, configuredTemplates } from '../assembly/read-named-files.ts';
import { probeNode } from './probe-node.ts';
import { probeUser } from './probe-as-user.ts';
import { chooseContainer, type ProbedTemplate } from './choose-container.ts';
import { createAppWith, type App } from '../assembly/app.ts';
import type { ProcessContext } from '../assembly/process-context.ts';
import { readConfig, type CommonOptions } from '../assembly/load-trusted-config.ts';
import { NODE_CHECKS, USER_CHECKS } from './node-checks.ts';

export interface ExamineOptions extends CommonOptions {
  /** Submit a probe job to each cluster too. */
  readonly onNode: boolean;
  readonly partition: string | undefined;
  /** The Unix user of that job, instead of the user of the daemon. */
  readonly runAs: string | undefined;
}

/** Runs all checks. If the configuration cannot be read, that is the only finding. @throws UsageError */
export async function runDoctor(options: ExamineOptions, context: ProcessContext): Promise<Section[]> {
  let app: App;
  try {
    app = createAppWith(readConfig(options, context));
  } catch (error) {
    if (error instanceof ConfigError) return [unreadable(error)];
    throw error;
  }
  try {
    return await examineAll(options, app);
  } finally {
    await app.closeLog();
  }
}

function unreadable({ message }: ConfigError): Section {
  const notChecked = unchecked('not checked: the configuration is invalid');
  return examine<HereFacts>(undefined, CHECKS.configuration, {
    configuration: unavailable(message),
    server: notChecked,
    credentials: notChecked,
    version: notChecked,
    serverAheadMs: notChecked,
    queues: notChecked,
    templates: notChecked,
  });
}

async function examineAll({ onNode, partition, runAs }: ExamineOptions, app: App): Promise<Section[]> {
  const { files, warnings, settings } = app.config;
  const [server, templates, ...clusters] = await Promise.all([
    probeServer(app),
    probeTemplates(app),
    ...settings.clusters.map((cluster) => probeCluster(app, cluster)),
  ]);
  const here = { configuration: known({ files, warnings }), ...server, templates };
  const sections = [examine(undefined, CHECKS.configuration, here)];
  for (const [at, seen] of clusters.entries()) {
    const title = seen.name === undefined ? 'Slurm' : `Cluster ${seen.name}`;
    sections.push(examine(title, CHECKS.cluster, seen));
    const cluster = settings.clusters[at];
    if (onNode && cluster !== undefined && runAs !== undefined) {
      const job =
        seen.controller.kind === 'known'
          ? await probeUser(app, cluster, { user: runAs, partition })
          : unchecked('not checked: no job can be submitted');
      sections.push(examine(`${title}, as ${runAs}`, CHECKS.user, { job }));
    } else if (onNode && cluster !== undefined)
      sections.push(await examineNode(app, cluster, { title: `${title}, on a node`, seen, partition }));
  }
  return sections;
}

interface NodeQuestion {
  readonly title: string;
  readonly seen: ClusterSeen;
  readonly partition: string | undefined;
}

async function examineNode(
  app: App,
  cluster: ClusterSettings,
  { title, seen, partition }: NodeQuestion,
): Promise<Section> {
  const { slurm, api, containers } = app.config.settings;
  const container = chooseContainer(await readTemplates(app), cluster, {
    ...containers,
    isOurs: slurm.singularityMode,
  });
  const found: Fact<NodeFound> =
    seen.controller.kind === 'known'
      ? await probeNode(app, cluster, {
          place: placeFor(seen, partition),
          container: container.kind === 'known' ? container.value : undefined,
        })
      : unchecked('not checked: no job can be submitted');
  return examine(title, CHECKS.node, {
    found,
    apiServer: api.apiServer ?? '',
    sharedDir: cluster.sharedDir,
    agentVersion: slurm.agentVersion,
    needsContainers: slurm.singularityMode,
    container,
  });
}

/** The readable templates of the configuration; another check reports the others. */
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
 * The given partition, else the default partition if it accepts our jobs, else the first one that does; with account and QOS if it
 * does not accept the defaults.
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

/** All checks, by what they examine. */
export const CHECKS = {
  configuration: HERE_CHECKS,
  cluster: CLUSTER_CHECKS,
  node: NODE_CHECKS,
  user: USER_CHECKS,
} as const;
