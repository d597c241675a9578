// The name of the program, the options that several commands share, and their spelling.
import { LOG_LEVELS } from '../base/log-levels.ts';
import type { Option } from './command.ts';

export const PROGRAM = 'clearml-agent-slurm';

/** The options of every command. */
export const ALWAYS: Readonly<Record<string, Option>> = {
  help: { alias: 'h', type: 'boolean', describe: 'Show help' },
  version: { alias: 'v', type: 'boolean', describe: 'Show the version and the install directory' },
};

/** Such as `-n, --lines N`. */
export function spelling(name: string, { alias, value }: Option): string {
  const letter = alias === undefined ? '' : `-${alias}, `;
  return `${letter}--${name}${value === undefined ? '' : ` ${value}`}`;
}

const WHERE = 'Cluster';
const SETTINGS = 'Configuration and logging';

export const CLUSTER_OPTIONS = {
  ssh: {
    group: WHERE,
    value: '[USER@]HOST',
    type: 'string',
    describe: 'Run Slurm commands on this host over SSH (default: this machine)',
  },
  cluster: {
    group: WHERE,
    value: 'NAME',
    type: 'string',
    describe: 'Use only this cluster of the configuration',
  },
} as const satisfies Record<string, Option>;

/** How a job starts the task. */
export const MODE_OPTIONS = {
  'singularity-mode': { type: 'boolean', describe: 'Run each task in its container image' },
  'srun-delegation': { type: 'boolean', describe: 'Start each task with srun' },
} as const satisfies Record<string, Option>;

export const QUEUE_OPTIONS = {
  'template-files': {
    value: 'FILE...',
    type: 'array',
    describe: 'Template files: one for each queue, or one for all queues',
  },
  queue: { value: 'QUEUE...', type: 'array', describe: 'ClearML queues to serve, in order of priority' },
  ...CLUSTER_OPTIONS,
  ...MODE_OPTIONS,
} as const satisfies Record<string, Option>;

export const TEMPLATES_ARGUMENT = {
  name: 'templates',
  usage: '[TEMPLATE...]',
  means: 'Template files (default: the templates of the configuration)',
} as const;

export const TASK_ARGUMENT = {
  name: 'task',
  usage: 'TASK',
  means: 'Task id or a unique prefix of it, task name, or Slurm job id',
} as const;

/** A task of the server, or one in a file. */
export const TASK_OPTIONS = {
  task: { value: 'TASK', type: 'string', describe: TASK_ARGUMENT.means },
  'task-file': {
    value: 'FILE',
    type: 'string',
    describe: 'JSON file with the task as tasks.get_by_id returns it; no server is needed',
  },
} as const satisfies Record<string, Option>;

export const HTTP_OPTION: Option = {
  value: '[HOST:]PORT',
  type: 'string',
  describe: 'Serve the status page, metrics and health checks; `web` prints the URL',
};

export const COMMON_OPTIONS = {
  'config-file': {
    group: SETTINGS,
    value: 'FILE',
    type: 'string',
    describe: 'Path of clearml.conf',
  },
  'state-dir': {
    group: SETTINGS,
    value: 'DIR',
    type: 'string',
    describe: 'Directory of the journal',
  },
  'log-level': {
    group: SETTINGS,
    value: 'LEVEL',
    type: 'string',
    choices: LOG_LEVELS,
    describe: 'Log level (default: info)',
  },
  'log-format': {
    group: SETTINGS,
    value: 'FORMAT',
    type: 'string',
    choices: ['text', 'json'],
    describe: 'Log format (default: text)',
  },
} as const satisfies Record<string, Option>;
