// All settings: type, unit, default, limits, and a description for the reference page. Groups of settings are in …-schema.ts.
import * as z from 'zod';
import { isCommandLine } from '../../base/shell-word.ts';
import { clusters, queues, timesResubmitted } from './cluster-schema.ts';
import { grace } from './grace-schema.ts';
import { httpSection } from './http-schema.ts';
import { limits } from './limits-schema.ts';
import { refusedSettings } from './refused-settings.ts';
import { clusterPath, localPath, nonEmptyText, seconds } from './setting-types.ts';
import type { Trusted } from '../path-uses.ts';

/** In Singularity's mount options, a colon and a comma are separators. */
function imageFolder(): z.ZodString {
  return clusterPath('read on nodes')
    .regex(/^[^:,]*$/, 'must not contain a colon or a comma')
    .meta({ trusted: 'read on nodes' satisfies Trusted });
}

/** A command line, as ClearML's own glue accepts it. */
const commandLine = nonEmptyText
  .refine(isCommandLine, 'must be a command line: it is empty, or one of its quotes is never closed')
  .meta({ trusted: 'run there' satisfies Trusted });

const binaries = z
  .strictObject({
    batch_binary: commandLine.default('sbatch').describe('Name or path of `sbatch`, with optional arguments.'),
    run_binary: commandLine.default('srun').describe('Name or path of `srun`, with optional arguments.'),
    monitor_binary: commandLine
      .default('squeue')
      .describe('Name or path of `squeue`, with optional arguments, such as `squeue -u ada`.'),
  })
  .prefault({})
  .describe(
    'Names or paths of Slurm commands, for wrappers and other names. Each one is split into words, as by a shell. The other commands are expected in the directory of `sbatch`, or in `slurm_bin_dir`.',
  );

const jobCredentials = z
  .strictObject({
    access_key: nonEmptyText.describe('The access key for jobs.'),
    secret_key: nonEmptyText.describe('The secret key for jobs.'),
  })
  .optional()
  .describe(
    "Keys for the `clearml.conf` of the jobs. Set them so that task code never sees the daemon's own keys. Needs `shared_dir`.",
  );

/** A name that sudo and sudoers(5) take literally: never a number, an option, a group or root. */
const unixUser = z
  .string()
  .regex(
    /^[A-Za-z_][\w.@-]*$/,
    'must be the name of a Unix user, not a number: only letters, digits, dots, dashes, underscores and @',
  )
  .refine((name) => name !== 'root', 'must not be root: the tasks of a user must not run as root');

const userMap = z
  .record(z.string().min(1, 'must not be empty'), unixUser)
  .default({})
  .describe(
    'The Unix user for the tasks of each ClearML user. A key is the id or the name of a ClearML user, or `default` for all others. Needs the file that `clearml-agent-slurm sudoers` prints.',
  );

// A number is accepted because keys and group names may consist of digits.
const text = z.union([z.string(), z.number().transform(String)]);

/** `agent.slurm`. Strict, because an unknown name is a typing error. */
export const SlurmSection = z.strictObject({
  queues,
  template_files: z
    .array(localPath('template'))
    .default([])
    .describe('The sbatch templates: one for each queue, or one for all. Option `--template-files`.'),
  clusters,
  cluster: nonEmptyText
    .optional()
    .describe(
      'Serve only the queues of this cluster, and those of no cluster. Set it if several daemons, one for each cluster, read the same file. Option `--cluster`.',
    ),
  order_fairness: z
    .boolean()
    .default(false)
    .describe(
      'Serve the queues in turn. By default, a queue is served only while all queues of higher priority are empty, or held by a limit or a pause. Option `--order-fairness`.',
    ),
  user_fairness: z
    .boolean()
    .default(false)
    .describe(
      'Serve the ClearML users of a queue in turn: next is the user with the fewest jobs in this queue. By default, tasks are claimed in the order of the queue.',
    ),
  resubmit_on_timeout: timesResubmitted
    .default(0)
    .describe(
      'How many times a task is submitted again after its job reached its time limit, before the task fails. Set it only for queues whose tasks continue from checkpoints.',
    ),
  ...limits,
  scheduler_queue: nonEmptyText
    .default('slurm_scheduler')
    .describe(
      'The ClearML queue that holds tasks while their jobs wait in Slurm; created if missing. Do not serve it with an agent.',
    ),
  shared_dir: clusterPath('shared folder')
    .optional()
    .describe(
      'A directory that the login node and all nodes see under the same path. With it, jobs get their own `clearml.conf` (deleted when the job ends) and share one installation of clearml-agent. Without it, jobs use the `clearml.conf` of the node, and each job without an agent installs one.',
    ),
  job_credentials: jobCredentials,
  trusted_group: text
    .optional()
    .describe(
      'A Unix group, by name or number, whose members may write to directories that the group shares. Each member can then run code as you, with your ClearML keys.',
    ),
  state_dir: localPath('state')
    .optional()
    .describe(
      'The directory of the journal. Use a local disk with space, and a separate directory for each ClearML server. Default: `$XDG_STATE_HOME/clearml-agent-slurm`, else `~/.local/state/clearml-agent-slurm`.',
    ),
  poll_interval_sec: seconds(1)
    .default(15)
    .describe(
      'Time between two polls of Slurm, each one `squeue` for all jobs. Up to four times as long while nothing changes or Slurm responds slowly. Raise it if your site limits calls.',
    ),
  queue_poll_interval_sec: seconds(1)
    .default(5)
    .describe('Time between two polls of the ClearML queues. Raise it to reduce the load on the ClearML server.'),
  slurm_bin_dir: clusterPath('run there')
    .optional()
    .describe("The directory of Slurm's commands. Set it if they are not on the `PATH`."),
  slurm_conf: clusterPath('read there')
    .optional()
    .describe("The path of the cluster's `slurm.conf`, passed to Slurm's commands."),
  binaries,
  sbatch_timeout_sec: seconds(1)
    .default(180)
    .describe(
      'Timeout of `sbatch`. Keep it above the slowest response of the controller: after a timeout, the daemon must look up the job by name.',
    ),
  submit_rate_per_sec: z
    .number()
    .min(0.01, 'must be at least 0.01')
    .max(1000, 'must be at most 1000')
    .default(10)
    .describe(
      'Rate limit for submissions, with bursts of twice as many. Polls and cancellations count against it but never wait. Lower it if your admins ask you to.',
    ),
  api_rate_per_sec: z
    .number()
    .min(1, 'must be at least 1')
    .max(1000, 'must be at most 1000')
    .default(40)
    .describe(
      'Rate limit for calls to the ClearML server, with bursts of twice as many. Only new claims wait for it; a task needs about four calls. Lower it if the daemon slows down the web page; raise it if the server is fast and many short tasks wait.',
    ),
  command_timeout_sec: seconds(1)
    .default(90)
    .describe(
      'Timeout of all Slurm commands except `sbatch`. Raise it if `squeue` takes longer when your cluster is busy.',
    ),
  python: clusterPath('run on nodes')
    .optional()
    .describe(
      'A Python with clearml-agent on the nodes. Without it, each job uses an agent found on the node, or installs one.',
    ),
  agent_version: z
    .string()
    .regex(/^\d+(\.\w+)+$/, 'must be a version such as "3.0.3"')
    .default('3.0.3')
    .describe(
      'The version of clearml-agent to install on nodes without one. Versions other than 3.0.3 are installed without checking the hashes of the packages.',
    ),
  singularity_mode: z
    .boolean()
    .default(false)
    .describe('Run each task in its container image, with Singularity or Apptainer. Option `--singularity-mode`.'),
  srun_delegation: z
    .boolean()
    .default(false)
    .describe(
      'Start the agent through `srun`. Set it if your template defines an `srun` function that adds options. Option `--srun-delegation`.',
    ),
  container_mounts: z
    .array(clusterPath('mounted by tasks'))
    .default([])
    .describe(
      'Directories of the nodes that tasks may mount with `-v` in their container arguments, with all subdirectories. The arguments in `clearml.conf` may mount any directory.',
    ),
  image_dir: imageFolder()
    .optional()
    .describe(
      'A directory of the nodes with image files, such as `pytorch_24.01-py3.sif`, which jobs search before they pull an image. Set it if nodes cannot reach a registry.',
    ),
  image_cache_dir: imageFolder()
    .optional()
    .describe(
      'A directory of the nodes, ideally on a local disk, that caches pulled images for all jobs of the node. Nothing is removed from it. Without it, Apptainer queries the registry at each start, and caches in the home directory.',
    ),
  container_ssh: z
    .boolean()
    .default(false)
    .describe(
      "Mount `~/.ssh` and the job's ssh-agent socket (`SSH_AUTH_SOCK`) into containers, read-only. Tasks with code in a private repository need this.",
    ),
  user_map: userMap,
  min_uid: z
    .int()
    .min(1, 'must be at least 1')
    .default(1000)
    .describe('The lowest uid of a Unix user in `user_map`. Lower it only if your site gives its users lower uids.'),
  grace,
  http: httpSection,
  ...refusedSettings,
});

/** `api`: the server, and who we are there. Loose, as `agent` is, because the agent on the node reads the rest. */
export const ApiSection = z.looseObject({
  api_server: text
    .optional()
    .describe('The URL of the API server, such as `https://api.clear.ml` or `http://host:8008`.'),
  host: text.optional().describe('The old name of `api_server`.'),
  web_server: text
    .optional()
    .describe(
      'The URL of the web page. Default: derived from `api_server`, with `api.` replaced by `app.`, or port 8008 by 8080.',
    ),
  files_server: text
    .optional()
    .describe(
      'The URL of the file server. Default: derived from `web_server`, with `app.` replaced by `files.`, else port 8081.',
    ),
  credentials: z
    .looseObject({
      access_key: text.optional().describe('The access key of the daemon and its jobs.'),
      secret_key: text.optional().describe('The secret key of the daemon and its jobs.'),
    })
    .optional()
    .describe(
      'The keys of the daemon and its jobs. Create them in the web page: *Settings → Workspace → Create new credentials*.',
    ),
  auth_token: text.optional().describe('A token that replaces the keys. It is not passed to jobs, so prefer keys.'),
  verify_certificate: z
    .union(
      [z.boolean(), z.string().meta({ trusted: 'read here' satisfies Trusted })],
      'must be true, false, or the path of a file with certificates',
    )
    .optional()
    .describe(
      "Whether to verify the server's TLS certificate, or a file with CA certificates to trust. Default: `true`.",
    ),
});

/** `agent`: only those of the agent's settings that the daemon needs. */
export const AgentSection = z.looseObject({
  worker_id: text.optional().describe('The name of the daemon in the list of workers. Default: `<worker_name>:slurm`.'),
  worker_name: text.optional().describe('The first part of the worker id. Default: the host name.'),
  abort_callback_max_timeout: z
    .number()
    .optional()
    .describe('The longest timeout, in seconds, that a task may request for its abort callback. Default: 1800.'),
  default_docker: z
    .looseObject({
      image: text.optional().describe('The container image for tasks that name none; used with `singularity_mode`.'),
      arguments: z
        .union([z.string(), z.array(z.string())])
        .optional()
        .describe('Container arguments for tasks that have none.'),
    })
    .optional()
    .describe('The container for tasks that request none.'),
  extra_docker_arguments: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .describe("Container arguments for every task, inserted before the task's own."),
  extra_docker_shell_script: z
    .union([text, z.array(text)], 'must be a line of shell script, or a list of them')
    .optional()
    .describe('Lines of shell script that run in every container before the agent starts.'),
  docker_force_pull: z
    .boolean()
    .optional()
    .describe('Pull the image for each job, even if `image_cache_dir` has it. Default: `false`.'),
  slurm: SlurmSection.prefault({}),
});

/** A whole clearml.conf. */
export const ClearmlConf = z.looseObject({ api: ApiSection.prefault({}), agent: AgentSection.prefault({}) });
export type ClearmlConf = z.infer<typeof ClearmlConf>;
