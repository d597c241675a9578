// Parses `scontrol show config`: the settings of the cluster that we need.
import type { ClusterFacts } from './scheduler.ts';

export const SHOW_CONFIG_ARGS: readonly string[] = ['show', 'config'];

/** Parses the output of `scontrol show config`; undefined if a required setting is missing. */
export function parseClusterFacts(text: string): ClusterFacts | undefined {
  const settings = parseSettings(text);
  const clusterName = settings.get('ClusterName');
  const version = settings.get('SLURM_VERSION');
  const minJobAgeMs = parseSeconds(settings.get('MinJobAge'));
  const messageTimeoutMs = parseSeconds(settings.get('MessageTimeout'));
  if (clusterName === undefined || version === undefined) return undefined;
  if (minJobAgeMs === undefined || messageTimeoutMs === undefined) return undefined;
  return {
    clusterName,
    version,
    minJobAgeMs,
    messageTimeoutMs,
    // `accounting_storage/none` or `(null)` without accounting.
    hasAccounting: settings.get('AccountingStorageType') === 'accounting_storage/slurmdbd',
    ...(/(^|,)gres\/gpu/.test(settings.get('AccountingStorageTRES') ?? '') ? { accountsGpus: true } : {}),
    ...(/(?:^|,)(?:jobs|all)(?:,|$)/.test(settings.get('PrivateData') ?? '') ? { hidesJobs: true } : {}),
    ...parseCallLimit(settings.get('SlurmctldParameters') ?? ''),
  };
}

/** slurm.conf(5), SlurmctldParameters: missing parameters have their defaults. */
function parseCallLimit(parameters: string): Pick<ClusterFacts, 'callLimit'> {
  const given = parsePairs(parameters);
  if (!given.has('rl_enable')) return {};
  const number = (name: string, otherwise: number): number => Number(given.get(name)) || otherwise;
  const perSecond = number('rl_refill_rate', 2) / number('rl_refill_period', 1);
  return { callLimit: { perSecond, burst: number('rl_bucket_size', 30) } };
}

/** Parses a list such as `billing=2,gres/gpu=1,mem=4096M`. */
export function parsePairs(list: string): ReadonlyMap<string, string> {
  return new Map(
    list.split(',').map((pair): [string, string] => {
      const [name = '', value = ''] = pair.split('=', 2);
      return [name, value];
    }),
  );
}

/** Whether Slurm rejects a job without an account in the database (slurm.conf(5), AccountingStorageEnforce), from the same output. */
export function needsAccount(text: string): boolean {
  return /associations|limits|qos|wckeys|safe|all/.test(parseSettings(text).get('AccountingStorageEnforce') ?? '');
}

function parseSettings(text: string): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, key, value] = /^(\w+)\s+= (.*)$/.exec(line) ?? [];
    if (key !== undefined && value !== undefined) settings.set(key, value.trim());
  }
  return settings;
}

/** `300 sec` in milliseconds. */
function parseSeconds(value: string | undefined): number | undefined {
  const [, seconds] = /^(\d+) sec/.exec(value ?? '') ?? [];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}
