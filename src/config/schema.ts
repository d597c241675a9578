// Every setting of ours: its type, unit, default and meaning. The reference page and `--help` are made from this file.
import * as z from 'zod';
import { isCommandLine } from '../base/shell-word.ts';
import { clusterPath, clusters, localPath, queues, words } from './cluster-schema.ts';
import type { Trusted } from './trusted.ts';

function seconds(least: number): z.ZodNumber {
  return z.number().min(least, `must be at least ${least}`).max(1_000_000, 'must be a number of seconds below 1000000');
}

/** A colon or a comma in it would mean something else to Singularity. */
function imageFolder(): z.ZodString {
  return clusterPath('read on nodes')
    .regex(/^[^:,]*$/, 'must have no colon and no comma')
    .meta({ trusted: 'read on nodes' satisfies Trusted });
}

const grace = z
  .strictObject({
    start_sec: seconds(0)
      .default(300)
      .describe(
        'How long a job may run before its task is expected to be in progress; after that, one warning in its console.',
      ),
    server_sec: seconds(0)
      .default(900)
      .describe(
        'How long a job that starts waits for a ClearML server that does not answer, before it ends and its task fails; less where its time limit comes first.',
      ),
    end_sec: seconds(0)
      .default(60)
      .describe(
        "How long after a job's end the agent's own final status is waited for, before the task's status is corrected.",
      ),
    stop_sec: seconds(0)
      .default(120)
      .describe(
        'How long an agent may take to end an aborted task, beyond the time of an abort callback, before its job is cancelled with `scancel`.',
      ),
    absent_sec: seconds(0)
      .default(600)
      .describe('How long a job may be unknown to Slurm, with its task still unfinished, before it is taken for lost.'),
    never_starts_sec: seconds(0)
      .optional()
      .describe(
        'How long a job may wait for a reason for which it never starts as it is, such as more time than its partition gives; then its task fails, and the job is cancelled. Default: it goes on waiting, and says so.',
      ),
    adopt_sec: seconds(0)
      .default(300)
      .describe(
        'How old a task or job that nobody follows must be, before this daemon takes it over or puts it back into its queue.',
      ),
  })
  .prefault({})
  .describe('How long to wait before acting on what may still sort itself out.');

/** As ClearML's own glue takes it. */
const commandLine = words
  .refine(isCommandLine, 'must be a command line: a quote in it is never closed, or it is blank')
  .meta({ trusted: 'run there' satisfies Trusted });

const binaries = z
  .strictObject({
    batch_binary: commandLine.default('sbatch').describe('Name or path of `sbatch`, and arguments for each call.'),
    run_binary: commandLine.default('srun').describe('Name or path of `srun`, and arguments.'),
    monitor_binary: commandLine.default('squeue').describe('Name or path of `squeue`, and arguments: `squeue -u ada`.'),
  })
  .prefault({})
  .describe(
    "Slurm's commands, where they have another name or place; split into words as a shell does. The others are looked for beside `sbatch`, or in `slurm_bin_dir`.",
  );

const jobCredentials = z
  .strictObject({
    access_key: z.string().min(1).describe('The access key of the jobs.'),
    secret_key: z.string().min(1).describe('The secret key that belongs to it.'),
  })
  .optional()
  .describe(
    "Keys for the jobs' `clearml.conf` in place of the daemon's own, so that a task's code never sees those. Needs `shared_dir`; without it jobs use the nodes' own `clearml.conf`.",
  );

// Numbers are allowed where a key or a group may look like one.
const text = z.union([z.string(), z.number().transform(String)]);

/** `agent.slurm`. Strict: a name that isn't here is a typing error. */
export const SlurmSection = z.strictObject({
  queues,
  template_files: z
    .array(localPath('template'))
    .default([])
    .describe(
      'Batch script templates: one for each queue, or one for all. Relative to the file that names them. Option `--template-files`.',
    ),
  clusters,
  cluster: words
    .optional()
    .describe('Serve this cluster only: with the queues that name it, and those that name none. Option `--cluster`.'),
  order_fairness: z
    .boolean()
    .default(false)
    .describe('Take from the queues in turn, not by priority. Option `--order-fairness`.'),
  scheduler_queue: words
    .default('slurm_scheduler')
    .describe(
      'The ClearML queue in which tasks stand while their jobs wait in Slurm; made when missing. A cluster with a name has its own, with a dot and the name behind.',
    ),
  shared_dir: clusterPath('shared folder')
    .optional()
    .describe(
      "A folder that the nodes see under the same path: for each job's `clearml.conf` (removed when it ends), and for one clearml-agent shared by all jobs. Without it, the nodes' own `clearml.conf` is used.",
    ),
  job_credentials: jobCredentials,
  trusted_group: text
    .optional()
    .describe(
      'A Unix group, by name or number, for the shared folders of a project: each of its members can then run code as you, with your ClearML keys. Without it, templates, `shared_dir`, `image_cache_dir` and all folders above them must belong to you or to root, and be writable by nobody else.',
    ),
  state_dir: localPath('state')
    .optional()
    .describe(
      'Where the daemon keeps its journal. Default: `$XDG_STATE_HOME/clearml-agent-slurm`, else `~/.local/state/clearml-agent-slurm`.',
    ),
  poll_interval_sec: seconds(1)
    .default(15)
    .describe(
      'Between two rounds of looking at Slurm while something happens to the jobs; up to four times as long while nothing does, and while Slurm takes long to answer. A round is one `squeue` however many jobs there are.',
    ),
  queue_poll_interval_sec: seconds(1)
    .default(5)
    .describe('Between two looks at the ClearML queues. Variable `CLEARML_AGENT_QUEUE_POLL_FREQ_SEC`.'),
  slurm_bin_dir: clusterPath('run there')
    .optional()
    .describe("The folder of Slurm's commands, where it is not on the PATH."),
  slurm_conf: clusterPath('read there')
    .optional()
    .describe("The cluster's `slurm.conf`, given to Slurm's commands. Variable `SLURM_CONF`."),
  binaries,
  sbatch_timeout_sec: seconds(1)
    .default(180)
    .describe(
      'How long `sbatch` may take. Longer than the cluster takes at its busiest: an `sbatch` that was cut off may have submitted.',
    ),
  submit_rate_per_sec: z
    .number()
    .min(0.01, 'must be at least 0.01')
    .max(1000, 'must be at most 1000')
    .default(10)
    .describe(
      'How many tasks are submitted a second at most, after a burst of twice as many. Looks and cancellations never wait, and take from the same. It is less by itself where the controller limits the calls of a user (`rl_enable` in slurm.conf), and while it takes seconds for its list of jobs.',
    ),
  command_timeout_sec: seconds(1).default(90).describe("How long any other of Slurm's commands may take."),
  python: clusterPath('run on nodes')
    .optional()
    .describe(
      "A Python on the nodes that has clearml-agent. Without it the node's own is looked for, and clearml-agent is installed where none has it.",
    ),
  agent_version: z
    .string()
    .regex(/^\d+(\.\w+)+$/, 'must be a version such as "3.0.3"')
    .default('3.0.3')
    .describe(
      'The clearml-agent that is installed where a node has none. Of 3.0.3, and of all that it needs, the hashes are known for CPython 3.6 to 3.14 on x86_64 and aarch64 with glibc: pip takes no other file, whatever the index. Another version is installed without hashes, and the log of the job says so.',
    ),
  singularity_mode: z
    .boolean()
    .default(false)
    .describe('Run each task in its container image with Singularity or Apptainer. Option `--singularity-mode`.'),
  srun_delegation: z
    .boolean()
    .default(false)
    .describe(
      "Start everything of the task through `srun`, so that a template's own `srun` function applies. Option `--srun-delegation`.",
    ),
  container_mounts: z
    .array(clusterPath('mounted by tasks'))
    .default([])
    .describe(
      'Folders of the nodes that tasks may mount into their containers by `-v` in their container arguments, with all below them. The arguments in this file may mount any.',
    ),
  image_dir: imageFolder()
    .optional()
    .describe(
      'A folder of the nodes with container images in files, in which every image is looked for first: `nvcr.io/nvidia/pytorch:24.01-py3` as `nvcr.io/nvidia/pytorch_24.01-py3.sif`, then as `pytorch_24.01-py3.sif`.',
    ),
  image_cache_dir: imageFolder()
    .optional()
    .describe(
      "A folder of the nodes into which images are pulled, best on a disk of the node's own: once for all jobs there, and kept until somebody removes them. Without it each start of a container asks the registry, and Apptainer keeps what it pulls in the home folder.",
    ),
  container_ssh: z
    .boolean()
    .default(false)
    .describe(
      "Mount `~/.ssh` and the job's ssh-agent (`SSH_AUTH_SOCK`) into containers, to be read only: for code in private repositories.",
    ),
  grace,
  use_pbs: z
    .literal(false, 'must be false: PBS is not supported, only Slurm is')
    .default(false)
    .describe('Only `false`: PBS is not supported.'),
  user_map: z
    .record(z.string(), z.unknown())
    .refine((map) => Object.keys(map).length === 0, {
      message:
        'submitting jobs as other users is not supported yet, and ignoring this map would run jobs as the wrong person: remove it, or run one daemon for each user',
    })
    .default({})
    .describe('Only empty: submitting jobs as other users is not supported yet.'),
});

/** `api`: the server, and who we are there. Loose, as `agent` is: the rest is for the agent on the node. */
export const ApiSection = z.looseObject({
  api_server: text.optional().describe('The address of the API, such as `https://api.clear.ml` or `http://host:8008`.'),
  host: text.optional().describe('What older files call `api_server`.'),
  web_server: text
    .optional()
    .describe(
      'The address of the web page. Told from `api_server` where it can be: `api.` becomes `app.`, port 8008 becomes 8080.',
    ),
  files_server: text
    .optional()
    .describe('The address of the file store. Told from `web_server`: `app.` becomes `files.`, else port 8081.'),
  credentials: z
    .looseObject({
      access_key: text.optional().describe('The access key of the daemon, and of its jobs.'),
      secret_key: text.optional().describe('The secret key that belongs to it.'),
    })
    .optional()
    .describe('The keys made on the web page under Settings, Workspace.'),
  auth_token: text
    .optional()
    .describe('A token instead of the keys. Jobs do not get it from here: use keys unless you know why not.'),
  verify_certificate: z
    .union(
      [z.boolean(), z.string().meta({ trusted: 'read here' satisfies Trusted })],
      'must be true, false, or the path of a file with certificates',
    )
    .optional()
    .describe("Whether the server's certificate is checked; or the path of a file with certificates to trust."),
});

/** `agent`: of the agent's own settings only those that the daemon needs itself. */
export const AgentSection = z.looseObject({
  worker_id: text
    .optional()
    .describe('The name under which the daemon shows as a worker. Default: `<worker_name>:slurm`.'),
  worker_name: text.optional().describe("The first part of that name. Default: this machine's."),
  abort_callback_max_timeout: z
    .number()
    .optional()
    .describe('How many seconds the abort callback of a task may take at most. Default: 1800.'),
  default_docker: z
    .looseObject({
      image: text.optional().describe('The container image of tasks that name none, in `--singularity-mode`.'),
      arguments: z
        .union([z.string(), z.array(z.string())])
        .optional()
        .describe('Container arguments for tasks that have none.'),
    })
    .optional()
    .describe('The container of tasks that ask for none.'),
  extra_docker_arguments: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .describe('Container arguments for every task, in front of its own.'),
  extra_docker_shell_script: z
    .array(z.string())
    .optional()
    .describe('Lines of shell script that run in every container before the agent.'),
  docker_force_pull: z
    .boolean()
    .optional()
    .describe(
      'Pull the image for each job anew, although it was pulled into `image_cache_dir` before. Default: false.',
    ),
  slurm: SlurmSection.prefault({}),
});

/** A whole clearml.conf. */
export const ClearmlConf = z.looseObject({ api: ApiSection.prefault({}), agent: AgentSection.prefault({}) });
export type ClearmlConf = z.infer<typeof ClearmlConf>;
