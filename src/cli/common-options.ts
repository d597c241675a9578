// Options that several commands share, and what they come to: the configuration, and a log that hides its secrets.
import type { Options } from 'yargs';
import { readTextFile } from '../config/config-files.ts';
import { loadConfig, type Config, type TypedSetting } from '../config/load.ts';
import { secretValues } from '../config/secret-values.ts';
import { isJournalStream } from '../log/journal-stream.ts';
import { createSecrets } from '../log/secrets.ts';
import { createLogger } from '../log/winston-logger.ts';
import type { Base } from './assemble.ts';
import type { Surroundings, Typed } from './command.ts';
import { listOption, switchOption, textOption } from './typed-options.ts';
import { UsageProblem } from './usage-problem.ts';

const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;

export const QUEUE_OPTIONS = {
  'template-files': { type: 'array', string: true, describe: 'Templates: one for each queue, or one for all' },
  queue: { type: 'array', string: true, describe: 'ClearML queues to serve, in order of priority' },
  'singularity-mode': { type: 'boolean', describe: 'Run each task in its container image' },
  'srun-delegation': { type: 'boolean', describe: 'Start everything of a task through srun' },
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

/** Which setting an option stands for, and how it is read. */
const SETTINGS: readonly (readonly [option: string, path: string, read: (typed: Typed, name: string) => unknown])[] = [
  ['template-files', 'agent.slurm.template_files', listOption],
  ['queue', 'agent.slurm.queues', listOption],
  ['order-fairness', 'agent.slurm.order_fairness', switchOption],
  ['singularity-mode', 'agent.slurm.singularity_mode', switchOption],
  ['srun-delegation', 'agent.slurm.srun_delegation', switchOption],
  ['state-dir', 'agent.slurm.state_dir', textOption],
];

/** @throws ConfigProblem */
export function readConfig(typed: Typed, around: Surroundings): Config {
  const settings: TypedSetting[] = SETTINGS.map(([option, path, read]) => ({
    option: `--${option}`,
    path,
    value: read(typed, option),
  }));
  return loadConfig({
    environment: around.environment,
    homeDir: around.homeDir,
    commandLine: { configFile: textOption(typed, 'config-file'), settings },
    readFile: readTextFile,
  });
}

/** The configuration and the log of a command. @throws ConfigProblem, UsageProblem */
export function readBase(typed: Typed, around: Surroundings): Base {
  const config = readConfig(typed, around);
  const secrets = createSecrets();
  for (const value of secretValues(config.root)) secrets.add(value);
  const log = createLogger({
    level: logLevel(typed, config),
    format: textOption(typed, 'log-format') === 'json' ? 'json' : 'text',
    stream: around.errorStream,
    secrets,
    journald: isJournalStream(config.surroundings.journalStream, 2),
  });
  for (const warning of config.warnings) log.warn(warning);
  return { config, log, secrets, around, closeLog: () => log.close() };
}

function logLevel(typed: Typed, { surroundings }: Config): (typeof LOG_LEVELS)[number] {
  if (surroundings.isDebugging) return 'debug';
  const typedLevel = textOption(typed, 'log-level') ?? surroundings.logLevel;
  if (typedLevel === undefined) return 'info';
  const known = LOG_LEVELS.find((level) => level === typedLevel || (level === 'warn' && typedLevel === 'warning'));
  if (known === undefined)
    throw new UsageProblem(`There is no log level "${typedLevel}": use one of ${LOG_LEVELS.join(', ')}.`);
  return known;
}
