// Runs a command's work with its configuration and log.
import { createApp, type App } from '../assembly/app.ts';
import type { LogLevel } from '../base/log-levels.ts';
import type { CommandContext, ParsedArgs } from './command.ts';
import { commonOptions } from './setting-options.ts';

/** @throws ConfigError, UsageError, and what the work throws */
export async function withApp<Result>(
  typed: ParsedArgs,
  context: CommandContext,
  work: (app: App) => Promise<Result>,
  defaultLevel?: LogLevel,
): Promise<Result> {
  const app = createApp(commonOptions(typed), context, defaultLevel);
  try {
    return await work(app);
  } finally {
    await app.closeLog();
  }
}
