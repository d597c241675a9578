// The settings of clusters and of which queue goes to which: `agent.slurm.clusters` and `agent.slurm.queues`.
import * as z from 'zod';
import { otherProperties, properties } from './property-schema.ts';
import type { Trusted } from './trusted.ts';

/** An absolute path on the cluster. @param trusted what is done with what it names */
export function clusterPath(trusted: Trusted): z.ZodString {
  return z.string().regex(/^\//, 'must be an absolute path, as the cluster sees it').meta({ trusted });
}

/** A path on this machine; `~` and paths relative to the file that names them are allowed. */
export function localPath(trusted: Trusted): z.ZodString {
  return z.string().min(1, 'must not be empty').meta({ trusted });
}

export const words = z.string().min(1, 'must not be empty');

/** What ssh takes for a host, never for an option. */
const hostName = z
  .string()
  .regex(/^[^\s@/-][^\s@/]*$/, 'must be the name or address of a host; its user and port are settings of their own');

const cluster = z.strictObject({
  host: hostName
    .optional()
    .describe(
      "The login node on which Slurm's commands run, as `ssh` knows it; what `~/.ssh/config` says of it counts. Without it, or with `localhost`: this machine, without SSH. Option `--ssh`.",
    ),
  user: words
    .optional()
    .describe("Who to log in as there. Default: what `~/.ssh/config` says, else this machine's user."),
  port: z
    .int()
    .min(1, 'must be at least 1')
    .max(65_535, 'must be at most 65535')
    .optional()
    .describe('The port of sshd there. Default: what `~/.ssh/config` says, else 22.'),
  identity_file: z
    .union(
      [localPath('read here'), z.array(localPath('read here'))],
      'must be the path of a private key, or a list of them',
    )
    .optional()
    .describe(
      'The private key to log in with, or a list of them. Default: those of `~/.ssh/config`, else the usual ones. An encrypted one must be in the agent.',
    ),
  jump: z
    .union([words, z.array(words)], 'must be [user@]host[:port], or a list of them, the nearest first')
    .optional()
    .describe(
      'The hosts on the way, `[user@]host[:port]`, the nearest first. Default: the `ProxyJump` of `~/.ssh/config`.',
    ),
  provider: z
    .enum(['local', 'ssh2', 'openssh'], 'must be local, ssh2 or openssh')
    .optional()
    .describe(
      "How commands get there: `local`: they run on this machine; `ssh2`: over one connection of the daemon's own; `openssh`: by the system's `ssh`, over a connection that you keep open, for sites with a second factor, Kerberos or certificates. Default: `ssh2` where there is a host.",
    ),
  channels: z
    .int()
    .min(1, 'must be at least 1')
    .max(10, "must be at most 10, which is sshd's own limit")
    .default(4)
    .describe('How many commands may run over the connection at once. Below the MaxSessions of the sshd there.'),
  host_keys: z
    .string()
    .regex(
      /^(?:strict|accept-new|SHA256:[A-Za-z0-9+/]{43})$/,
      'must be strict, accept-new, or a fingerprint such as SHA256:… (43 characters)',
    )
    .optional()
    .describe(
      'Which key the host may show: `strict`: one that the known_hosts files know; `accept-new`: that of the first connection, which is remembered; or the `SHA256:…` of the only one. Default: `strict`, or `accept-new` where `~/.ssh/config` says so. It can not be switched off.',
    ),
  password_file: localPath('read here')
    .optional()
    .describe(
      'A file with the password, readable for nobody else. Only for hosts that take no key. Not with `openssh`.',
    ),
  password_command: z
    .array(words)
    .meta({ trusted: 'run here' satisfies Trusted })
    .optional()
    .describe('A program and its arguments, which prints the password; run without a shell. Not with `openssh`.'),
  slurm_bin_dir: clusterPath('run there')
    .optional()
    .describe("The folder of Slurm's commands there. Default: that of `agent.slurm`."),
  slurm_conf: clusterPath('read there')
    .optional()
    .describe(
      "The cluster's `slurm.conf`. Default: that of `agent.slurm`; the variable `SLURM_CONF` counts for this machine only.",
    ),
  shared_dir: clusterPath('shared folder')
    .optional()
    .describe(
      'As `shared_dir` of `agent.slurm`, as the login node and the nodes there see it. Default: that of `agent.slurm`.',
    ),
  python: clusterPath('run on nodes')
    .optional()
    .describe('As `python` of `agent.slurm`, on the nodes there. Default: that of `agent.slurm`.'),
  template: localPath('template').optional().describe('The template of the queues that go there and name none.'),
});

const CLUSTER_NAME = /^(?!\d+$)[A-Za-z0-9][\w.-]*$/;

export const clusters = z
  .record(
    z.string().regex(CLUSTER_NAME, 'must be a name of letters, digits, dots, dashes and underscores, and no number'),
    cluster,
  )
  .default({})
  .describe(
    'Clusters by name, where there are several, or one is reached by SSH. Each has its own state in a folder of its name under `state_dir`, its own scheduler queue `<scheduler_queue>.<name>`, and its own worker `<worker_id>:<name>`.',
  );

const queue = z.strictObject({
  cluster: words
    .optional()
    .describe('The cluster that its tasks go to. Default: that of the option `--cluster`, else the only one.'),
  template: localPath('template')
    .optional()
    .describe(
      "Its template. Default: its cluster's, else that of `template_files`. Relative to the file that names it.",
    ),
  properties,
  other_properties: otherProperties,
});

export const queues = z
  .union([z.array(words), z.record(words, queue)], 'must be a list, such as [a, b], or a group of queues in { }')
  .default([])
  .describe(
    'Names or ids of the ClearML queues to serve, in order of priority: a list, or a group with the settings of each. Option `--queue`; of a group it takes the queues that it names.',
  );
