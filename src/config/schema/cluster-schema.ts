// The settings `agent.slurm.clusters` and `agent.slurm.queues`: clusters, and which queue uses which.
import * as z from 'zod';
import { limitsOfCluster, limitsOfQueue } from './limits-schema.ts';
import { otherProperties, properties } from './property-schema.ts';
import { clusterPath, localPath, nonEmptyText } from './setting-types.ts';
import type { Trusted } from '../path-uses.ts';

/** Never an option of ssh. */
const hostName = z
  .string()
  .regex(/^[^\s@/-][^\s@/]*$/, 'must be the name or address of a host; its user and port are separate settings');

const cluster = z.strictObject({
  host: hostName
    .optional()
    .describe(
      "The login node on which Slurm's commands run: a name, an address or a `Host` of `~/.ssh/config`. By default, and with `localhost`, they run on this machine. Option `--ssh`.",
    ),
  user: nonEmptyText
    .optional()
    .describe('The user name on the login node. Default: from `~/.ssh/config`, else your user name.'),
  port: z
    .int()
    .min(1, 'must be at least 1')
    .max(65_535, 'must be at most 65535')
    .optional()
    .describe('The port of sshd on the login node. Default: from `~/.ssh/config`, else 22.'),
  identity_file: z
    .union(
      [localPath('read here'), z.array(localPath('read here'))],
      'must be the path of a private key, or a list of them',
    )
    .optional()
    .describe(
      'The private key, or a list of keys. An encrypted key must be in ssh-agent. Default: from `~/.ssh/config`, else the usual files in `~/.ssh`.',
    ),
  jump: z
    .union(
      [nonEmptyText, z.array(nonEmptyText)],
      'must be [user@]host[:port], or a list of them, in the order of the connections',
    )
    .optional()
    .describe(
      'The jump host, `[user@]host[:port]`, or a list in the order of the connections. Default: `ProxyJump` of `~/.ssh/config`.',
    ),
  provider: z
    .enum(['local', 'ssh2', 'openssh'], 'must be local, ssh2 or openssh')
    .optional()
    .describe(
      'The transport: `local`; `ssh2`, a built-in SSH client; or `openssh`, the program `ssh`. Set `openssh` for a second factor, Kerberos or certificates. Default: `ssh2` with a `host`, else `local`.',
    ),
  channels: z
    .int()
    .min(1, 'must be at least 1')
    .max(10, 'must be at most 10, the default limit of sshd')
    .default(4)
    .describe(
      'How many commands may use the connection at the same time; with `user_map`, up to four more. Keep it below `MaxSessions` of the sshd.',
    ),
  host_keys: z
    .string()
    .regex(
      /^(?:strict|accept-new|SHA256:[A-Za-z0-9+/]{43})$/,
      'must be strict, accept-new, or a fingerprint such as SHA256:… (43 characters)',
    )
    .optional()
    .describe(
      'Which host key to accept. `strict`: a key in known_hosts. `accept-new`: also an unknown key, which is then stored. A fingerprint `SHA256:…`: only this key. Default: `accept-new` if `~/.ssh/config` says so, else `strict`.',
    ),
  password_file: localPath('read here')
    .optional()
    .describe(
      'A file with the password, which only you can read. Use it only for hosts that accept no key. Not with `openssh`.',
    ),
  password_command: z
    .array(nonEmptyText)
    .meta({ trusted: 'run here' satisfies Trusted })
    .optional()
    .describe(
      'A program that prints the password, such as that of a password store, and its arguments. It runs without a shell. Not with `openssh`.',
    ),
  slurm_bin_dir: clusterPath('run there').optional().describe('Replaces `slurm_bin_dir` for this cluster.'),
  slurm_conf: clusterPath('read there')
    .optional()
    .describe('Replaces `slurm_conf` for this cluster. The variable `SLURM_CONF` applies to this machine only.'),
  shared_dir: clusterPath('shared folder').optional().describe('Replaces `shared_dir` for this cluster.'),
  python: clusterPath('run on nodes').optional().describe('Replaces `python` for this cluster.'),
  template: localPath('template').optional().describe('The default template for the queues of this cluster.'),
  ...limitsOfCluster,
});

const CLUSTER_NAME = /^(?!\d+$)[A-Za-z0-9][\w.-]*$/;

export const clusters = z
  .record(
    z
      .string()
      .regex(CLUSTER_NAME, 'must consist of letters, digits, dots, dashes and underscores, and must not be a number'),
    cluster,
  )
  .default({})
  .describe(
    'Clusters by name. Set it for several clusters, or for one over SSH. Each has a separate state directory `<state_dir>/<name>`, scheduler queue `<scheduler_queue>.<name>` and worker `<worker_id>:<name>`.',
  );

/** Each run has its own job and its whole time limit: a larger number is a mistake. */
export const timesResubmitted = z.int().min(0, 'must not be negative').max(100, 'must be at most 100');

const queue = z.strictObject({
  cluster: nonEmptyText
    .optional()
    .describe(
      'The cluster of this queue. Default: that of `--cluster`, else the only one. With several clusters, set it or use `--cluster`.',
    ),
  template: localPath('template')
    .optional()
    .describe('The template of this queue. Default: that of its cluster, else of `template_files`.'),
  properties,
  other_properties: otherProperties,
  ...limitsOfQueue,
  user_fairness: z.boolean().optional().describe('Replaces `user_fairness` for this queue.'),
  resubmit_on_timeout: timesResubmitted.optional().describe('Replaces `resubmit_on_timeout` for this queue.'),
});

export const queues = z
  .union(
    [z.array(nonEmptyText), z.record(nonEmptyText, queue)],
    'must be a list, such as [a, b], or a group of queues in { }',
  )
  .default([])
  .describe(
    'The ClearML queues to serve, by name or id, highest priority first: a list, or a group with settings for each queue. Option `--queue`, which selects queues from a group. If none is set and there is only one cluster: `default`.',
  );
