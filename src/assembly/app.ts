// Sets up what commands share: the configuration, and a log that masks its secrets.
import { isJournalStream, createLogger } from '../log/winston-logger.ts';
import type { Logger } from '../log/logger.ts';
import { LOG_LEVELS, type LogLevel } from '../base/log-levels.ts';
import type { Secrets } from '../log/redact-secrets.ts';
import { knownSecrets, type ProcessContext } from './process-context.ts';
import { isPlain } from '../base/terminal-text.ts';
import { readConfig, type CommonOptions, type Configured } from './load-trusted-config.ts';
import { UsageError } from '../base/usage-error.ts';

export interface App extends Configured {
  readonly log: Logger;
  readonly secrets: Secrets;
  /** Resolves when all log lines are written. */
  closeLog(): Promise<void>;
}

/**
 * Reads the configuration and logs its warnings.
 * @param defaultLevel log level if neither an option nor a variable sets one
 * @throws ConfigError, UsageError
 */
export function createApp(options: CommonOptions, context: ProcessContext, defaultLevel?: LogLevel): App {
  const app = createAppWith(readConfig(options, context), defaultLevel);
  for (const warning of app.config.warnings) app.log.warn(warning);
  return app;
}

/** @throws UsageError */
export function createAppWith(configured: Configured, defaultLevel: LogLevel = 'info'): App {
  const { config, context, logFormat } = configured;
  const secrets = knownSecrets(context);
  const log = createLogger({
    level: logLevel(configured, defaultLevel),
    format: logFormat === 'json' ? 'json' : 'text',
    stream: context.errorStream,
    secrets,
    journald: isJournalStream(config.surroundings.journalStream, 2),
    terminal: isTerminal(context.errorStream) ? { isColored: !isPlain(context) } : undefined,
  });
  return { ...configured, log, secrets, closeLog: () => log.close() };
}

function isTerminal(stream: NodeJS.WritableStream): boolean {
  return 'isTTY' in stream && stream.isTTY === true;
}

function logLevel({ logLevel: option, config }: Configured, defaultLevel: LogLevel): LogLevel {
  const { surroundings } = config;
  if (surroundings.isDebugging) return 'debug';
  const given = option ?? surroundings.logLevel;
  if (given === undefined) return defaultLevel;
  const known = LOG_LEVELS.find((level) => level === given || (level === 'warn' && given === 'warning'));
  if (known === undefined) throw new UsageError(`Unknown log level "${given}": use one of ${LOG_LEVELS.join(', ')}.`);
  return known;
}
