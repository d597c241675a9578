// Options that several commands share, in words.
import { LOG_LEVELS } from '../base/log-levels.ts';
import type { Option } from './command.ts';

const WHERE = 'Where Slurm is';
const SETTINGS = 'Settings and log';

export const CLUSTER_OPTIONS = {
  ssh: {
    group: WHERE,
    value: '[USER@]HOST',
    type: 'string',
    describe: 'The host with Slurm, as ssh knows it (default: this machine)',
  },
  cluster: {
    group: WHERE,
    value: 'NAME',
    type: 'string',
    describe: 'Of the clusters in the configuration, this one only',
  },
} as const satisfies Record<string, Option>;

/** How a task is started in its job. */
export const MODE_OPTIONS = {
  'singularity-mode': { type: 'boolean', describe: 'Run each task in its container image' },
  'srun-delegation': { type: 'boolean', describe: 'Start everything of a task through srun' },
} as const satisfies Record<string, Option>;

export const QUEUE_OPTIONS = {
  'template-files': {
    value: 'FILE...',
    type: 'array',
    describe: 'Templates: one for each queue, or one for all',
  },
  queue: { value: 'QUEUE...', type: 'array', describe: 'ClearML queues to serve, in order of priority' },
  ...CLUSTER_OPTIONS,
  ...MODE_OPTIONS,
} as const satisfies Record<string, Option>;

export const COMMON_OPTIONS = {
  'config-file': {
    group: SETTINGS,
    value: 'FILE',
    type: 'string',
    describe: 'The clearml.conf to read',
  },
  'state-dir': {
    group: SETTINGS,
    value: 'FOLDER',
    type: 'string',
    describe: 'Where the journal is kept',
  },
  'log-level': {
    group: SETTINGS,
    value: 'LEVEL',
    type: 'string',
    choices: LOG_LEVELS,
    describe: 'How much is logged, by default info',
  },
  'log-format': {
    group: SETTINGS,
    value: 'FORMAT',
    type: 'string',
    choices: ['text', 'json'],
    describe: 'How it is logged, by default text',
  },
} as const satisfies Record<string, Option>;
