// What a command begins with that speaks to anybody: its configuration, and a log that hides the secrets in it.
import type { Config } from '../config/load.ts';
import { isJournalStream } from '../log/journal-stream.ts';
import type { Logger } from '../log/logger.ts';
import type { Secrets } from '../log/secrets.ts';
import { createLogger } from '../log/winston-logger.ts';
import type { Surroundings, Typed } from './command.ts';
import { knownSecrets } from './known-secrets.ts';
import { LOG_LEVELS } from './common-options.ts';
import { isPlain } from './paint.ts';
import { readConfig, type Configured } from './read-config.ts';
import { textOption } from './typed-options.ts';
import { UsageProblem } from './usage-problem.ts';

export interface Base extends Configured {
  readonly log: Logger;
  readonly secrets: Secrets;
  /** Resolves when the last line of the log is out. */
  closeLog(): Promise<void>;
}

type Level = (typeof LOG_LEVELS)[number];

/**
 * Reads the configuration and starts the log, which begins with what is doubtful in it.
 * @param usualLevel of the log, where nobody says another
 * @throws ConfigError, UsageProblem
 */
export function readBase(typed: Typed, around: Surroundings, usualLevel?: Level): Base {
  const base = withLog(typed, { config: readConfig(typed, around), around }, usualLevel);
  for (const warning of base.config.warnings) base.log.warn(warning);
  return base;
}

/** @throws UsageProblem */
export function withLog(typed: Typed, { config, around }: Configured, usualLevel: Level = 'info'): Base {
  const secrets = knownSecrets(around);
  const log = createLogger({
    level: logLevel(typed, config, usualLevel),
    format: textOption(typed, 'log-format') === 'json' ? 'json' : 'text',
    stream: around.errorStream,
    secrets,
    journald: isJournalStream(config.surroundings.journalStream, 2),
    terminal: isTerminal(around.errorStream) ? { isColored: !isPlain(around) } : undefined,
  });
  return { config, log, secrets, around, closeLog: () => log.close() };
}

function isTerminal(stream: NodeJS.WritableStream): boolean {
  return 'isTTY' in stream && stream.isTTY === true;
}

function logLevel(typed: Typed, { surroundings }: Config, usualLevel: Level): Level {
  if (surroundings.isDebugging) return 'debug';
  const typedLevel = textOption(typed, 'log-level') ?? surroundings.logLevel;
  if (typedLevel === undefined) return usualLevel;
  const known = LOG_LEVELS.find((level) => level === typedLevel || (level === 'warn' && typedLevel === 'warning'));
  if (known === undefined)
    throw new UsageProblem(`There is no log level "${typedLevel}": use one of ${LOG_LEVELS.join(', ')}.`);
  return known;
}
