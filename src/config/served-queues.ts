// Which queues are served, by which cluster, with which template, and which hold the tasks of this program. Pure.
import type * as z from 'zod';
import { nearestName } from '../base/did-you-mean.ts';
import type { PropertyConstraints } from '../base/property-constraints.ts';
import type { Limits } from '../base/job-limits.ts';
import { ConfigError } from './errors.ts';
import type { Origin } from './config-tree.ts';
import type { LimitSetting } from './schema/limits-schema.ts';
import { propertySettings } from './schema/property-schema.ts';
import type { SlurmSection } from './schema/settings-schema.ts';
import { joinPath } from './dotted-names.ts';

export type Slurm = z.infer<typeof SlurmSection>;
type Queue = Exclude<Slurm['queues'], readonly string[]>[string];

/** Where a setting of `agent.slurm` came from, by its path. */
export type OriginOf = (...path: readonly string[]) => Origin;

export interface QueueSettings {
  /** Its name or id. */
  readonly name: string;
  /** The name of its cluster; undefined for the only one, if it has no name. */
  readonly cluster: string | undefined;
  /** undefined: one of `template_files`. */
  readonly template: string | undefined;
  /** Only if there are any. */
  readonly properties?: PropertyConstraints;
  readonly limits?: Limits;
  /** Only if it is on. */
  readonly userFairness?: true;
  /** How many times a task is submitted again after its time limit; only if it is. */
  readonly resubmitOnTimeout?: number;
}

/** clearml-agent's default. */
const USUAL_QUEUE = 'default';

/**
 * In order of priority; empty if none are configured and there are several clusters.
 * @param written the names of a group of queues in the order of the file, because an object sorts numeric names first
 * @throws ConfigError if a queue has no cluster, or an unknown one
 */
export function servedQueues(slurm: Slurm, originOf: OriginOf, written: readonly string[]): QueueSettings[] {
  const clusters = Object.keys(slurm.clusters);
  if (slurm.cluster !== undefined) refuseUnknownCluster(slurm.cluster, clusters, originOf('cluster'));
  const given: [name: string, Partial<Queue>][] = Array.isArray(slurm.queues)
    ? slurm.queues.map((name) => [name, {}])
    : inOrder(Object.entries(slurm.queues), written);
  const only = slurm.cluster ?? (clusters.length === 1 ? clusters[0] : undefined);
  if (given.length === 0 && only === undefined && clusters.length > 0) return [];
  if (given.length === 0) given.push([USUAL_QUEUE, {}]);
  // An option takes precedence over a file.
  const isTyped = originOf('template_files').kind === 'option';

  return given
    .map(([name, { cluster = only, template, properties, other_properties: others, ...rest }]): QueueSettings => {
      if (cluster === undefined && clusters.length > 0)
        throw new ConfigError(noCluster(name, clusters), originOf('queues', name));
      if (cluster !== undefined) refuseUnknownCluster(cluster, clusters, originOf('queues', name, 'cluster'));
      const its = template ?? slurm.clusters[cluster ?? '']?.template;
      const constraints = propertySettings(properties, others);
      return {
        name,
        cluster,
        template: isTyped ? undefined : its,
        ...(constraints === undefined ? {} : { properties: constraints }),
        ...limitsOf(rest),
        ...choicesOf(slurm, rest),
      };
    })
    .filter(({ cluster }) => slurm.cluster === undefined || cluster === slurm.cluster);
}

/** The limits, with those of `fallback` where they are not set; nothing if there are none. */
export function limitsOf(
  settings: Pick<Slurm, LimitSetting>,
  fallback: Pick<Slurm, LimitSetting> = {},
): { readonly limits?: Limits } {
  const limits = {
    maxJobs: settings.max_jobs ?? fallback.max_jobs,
    maxWaitingJobs: settings.max_waiting_jobs ?? fallback.max_waiting_jobs,
    maxJobsPerUser: settings.max_jobs_per_user ?? fallback.max_jobs_per_user,
    maxNodes: settings.max_nodes ?? fallback.max_nodes,
    maxGpus: settings.max_gpus ?? fallback.max_gpus,
  };
  return Object.values(limits).every((limit) => limit === undefined) ? {} : { limits };
}

/** What a queue may have otherwise than the cluster. */
type Choices = { readonly [Name in 'user_fairness' | 'resubmit_on_timeout']?: Slurm[Name] | undefined };

function choicesOf(
  slurm: Slurm,
  { user_fairness: isFair = slurm.user_fairness, resubmit_on_timeout: times = slurm.resubmit_on_timeout }: Choices,
): Pick<QueueSettings, 'userFairness' | 'resubmitOnTimeout'> {
  return { ...(isFair ? { userFairness: true } : {}), ...(times === 0 ? {} : { resubmitOnTimeout: times }) };
}

function inOrder<Settings>(queues: [name: string, Settings][], written: readonly string[]): [string, Settings][] {
  return queues.sort(([one], [other]) => written.indexOf(one) - written.indexOf(other));
}

function noCluster(queue: string, clusters: readonly string[]): string {
  const setting = joinPath(['agent', 'slurm', 'queues', queue]);
  return `queue "${queue}" has no cluster, and there are several clusters (${clusters.join(', ')}): set ${setting} { cluster: … }, or use --cluster`;
}

function refuseUnknownCluster(name: string, clusters: readonly string[], origin: Origin): void {
  if (clusters.includes(name)) return;
  const nearest = nearestName(name, clusters);
  const known =
    clusters.length === 0 ? 'agent.slurm.clusters is empty' : `the configuration has ${clusters.join(', ')}`;
  throw new ConfigError(
    `there is no cluster "${name}": ${nearest === undefined ? known : `did you mean "${nearest}"?`}`,
    origin,
  );
}

/** The suffix of a scheduler queue: the name of a cluster, or the queue for single tasks. */
const BEHIND = /^(?:$|\.|-execute$)/;

/** The queue for a task that `execute` submits although no user has enqueued it. */
export function ownQueueOf(schedulerQueue: string): string {
  return `${schedulerQueue}-execute`;
}

/** Internal queues hold tasks while their jobs wait: users never enqueue there. @param schedulerQueues their names in the configuration */
export function isInternalQueue(name: string, schedulerQueues: readonly string[]): boolean {
  return ['slurm_scheduler', ...schedulerQueues].some(
    (own) => name.startsWith(own) && BEHIND.test(name.slice(own.length)),
  );
}
