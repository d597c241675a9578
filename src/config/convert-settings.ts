// Converts the checked configuration to the settings that the program uses: in camel case, times in milliseconds.
import { quoteWord } from '../base/shell-word.ts';
import type { ClusterSettings } from './cluster-settings.ts';
import { httpSettings, type HttpSettings } from './schema/http-schema.ts';
import type { ClearmlConf } from './schema/settings-schema.ts';
import type { QueueSettings } from './served-queues.ts';

/** The server and our credentials; undefined if not set. */
export interface ApiSettings {
  readonly apiServer: string | undefined;
  readonly webServer: string | undefined;
  readonly accessKey: string | undefined;
  readonly secretKey: string | undefined;
  /** `CLEARML_AUTH_TOKEN`: replaces the two keys. */
  readonly authToken: string | undefined;
  /** A text is the path of a CA file. */
  readonly verifyCertificate: boolean | string;
}

export interface Settings {
  readonly api: ApiSettings;
  readonly workerId: string | undefined;
  readonly workerName: string | undefined;
  /** `agent.abort_callback_max_timeout`: the longest timeout of an abort callback. */
  readonly abortCallbackMaxMs: number;
  readonly slurm: SlurmSettings;
  /** undefined: no HTTP server. */
  readonly http: HttpSettings | undefined;
  /** The containers of tasks, and what they may mount. */
  readonly containers: ReturnType<typeof containerSettings>;
  /** At least one. */
  readonly clusters: readonly ClusterSettings[];
  /** In order of priority. */
  readonly queues: readonly QueueSettings[];
}

export type SlurmSettings = ReturnType<typeof slurmSettings>;

/** The agent's default of `agent.abort_callback_max_timeout`, in seconds. */
const ABORT_CALLBACK_MAX_SEC = 1800;

export function settingsFrom({ api, agent }: ClearmlConf, served: Pick<Settings, 'clusters' | 'queues'>): Settings {
  return {
    api: {
      apiServer: address(api.api_server) ?? address(api.host),
      webServer: address(api.web_server),
      accessKey: filled(api.credentials?.access_key),
      secretKey: filled(api.credentials?.secret_key),
      authToken: filled(api.auth_token),
      verifyCertificate: api.verify_certificate ?? true,
    },
    workerId: filled(agent.worker_id),
    workerName: filled(agent.worker_name),
    abortCallbackMaxMs: (agent.abort_callback_max_timeout ?? ABORT_CALLBACK_MAX_SEC) * 1000,
    slurm: slurmSettings(agent.slurm),
    http: httpSettings(agent.slurm.http),
    containers: containerSettings(agent),
    ...served,
  };
}

function containerSettings(agent: ClearmlConf['agent']) {
  return {
    image: filled(agent.default_docker?.image),
    arguments: inOneLine(agent.default_docker?.arguments),
    extraArguments: inOneLine(agent.extra_docker_arguments),
    setUpLines: [agent.extra_docker_shell_script ?? []].flat().filter((line) => line !== ''),
    mounts: agent.slurm.container_mounts,
    imageDir: agent.slurm.image_dir,
    imageCacheDir: agent.slurm.image_cache_dir,
    forcePull: agent.docker_force_pull ?? false,
    ssh: agent.slurm.container_ssh,
  };
}

/** The settings that all clusters share. */
function slurmSettings(slurm: ClearmlConf['agent']['slurm']) {
  return {
    templateFiles: slurm.template_files,
    orderFairness: slurm.order_fairness,
    pollIntervalMs: slurm.poll_interval_sec * 1000,
    queuePollIntervalMs: slurm.queue_poll_interval_sec * 1000,
    binaries: {
      batchBinary: slurm.binaries.batch_binary,
      runBinary: slurm.binaries.run_binary,
      monitorBinary: slurm.binaries.monitor_binary,
    },
    sbatchTimeoutMs: slurm.sbatch_timeout_sec * 1000,
    submitsPerSecond: slurm.submit_rate_per_sec,
    apiCallsPerSecond: slurm.api_rate_per_sec,
    commandTimeoutMs: slurm.command_timeout_sec * 1000,
    agentVersion: slurm.agent_version,
    trustedGroup: slurm.trusted_group,
    singularityMode: slurm.singularity_mode,
    srunDelegation: slurm.srun_delegation,
    userMap: slurm.user_map,
    minUid: slurm.min_uid,
    grace: {
      startMs: slurm.grace.start_sec * 1000,
      serverMs: slurm.grace.server_sec * 1000,
      endMs: slurm.grace.end_sec * 1000,
      stopMs: slurm.grace.stop_sec * 1000,
      absentMs: slurm.grace.absent_sec * 1000,
      neverStartsMs: slurm.grace.never_starts_sec === undefined ? undefined : slurm.grace.never_starts_sec * 1000,
      adoptMs: slurm.grace.adopt_sec * 1000,
    },
  };
}

/** Each item of a list is one argument. */
function inOneLine(written: string | readonly string[] | undefined): string {
  return typeof written === 'object' ? written.map(quoteWord).join(' ') : (written ?? '');
}

/** Treats an empty text as not set. */
function filled(text: string | undefined): string | undefined {
  const trimmed = text?.trim();
  return trimmed === '' ? undefined : trimmed;
}

function address(text: string | undefined): string | undefined {
  return filled(text)?.replace(/\/+$/, '');
}
