// Options that several commands share, in words.
import type { Options } from 'yargs';

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;

export const CLUSTER_OPTIONS = {
  ssh: {
    type: 'string',
    requiresArg: true,
    describe: 'The [user@]host where Slurm is, as ssh knows it (default: this machine)',
  },
  cluster: {
    type: 'string',
    requiresArg: true,
    describe: 'Of the clusters in the configuration, serve this one only',
  },
} as const satisfies Record<string, Options>;

/** How a task is started in its job. */
export const MODE_OPTIONS = {
  'singularity-mode': { type: 'boolean', describe: 'Run each task in its container image' },
  'srun-delegation': { type: 'boolean', describe: 'Start everything of a task through srun' },
} as const satisfies Record<string, Options>;

export const QUEUE_OPTIONS = {
  'template-files': { type: 'array', string: true, describe: 'Templates: one for each queue, or one for all' },
  queue: { type: 'array', string: true, describe: 'ClearML queues to serve, in order of priority' },
  ...CLUSTER_OPTIONS,
  ...MODE_OPTIONS,
} as const satisfies Record<string, Options>;

export const COMMON_OPTIONS = {
  'config-file': { type: 'string', requiresArg: true, describe: 'The clearml.conf to read' },
  'state-dir': { type: 'string', requiresArg: true, describe: 'Where the journal is kept' },
  'log-level': {
    type: 'string',
    requiresArg: true,
    choices: LOG_LEVELS,
    describe: 'How much is logged (default info)',
  },
  'log-format': {
    type: 'string',
    requiresArg: true,
    choices: ['text', 'json'],
    describe: 'How it is logged (default text)',
  },
} as const satisfies Record<string, Options>;
