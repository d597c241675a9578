// The errors of reading the configuration, one class for each decision of a caller.
import { formatOrigin, type Origin } from './config-tree.ts';

/**
 * Thrown when a setting is invalid: the user must change it at `origin`.
 * The message begins with that position; for a file, it shows the line with a caret, without secrets.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly origin: Origin;

  constructor(fact: string, origin: Origin, excerpt?: string) {
    const column = origin.kind === 'file' ? `:${origin.column}` : '';
    const shown = excerpt === undefined ? '' : `\n${excerpt}`;
    super(`${formatOrigin(origin)}${column}: ${fact}${shown}`);
    this.origin = origin;
  }
}

/** Thrown when the server or its credentials are not configured: the user must configure them. */
export class NoCredentialsError extends Error {
  override readonly name = 'NoCredentialsError';
}

/** Thrown when a user asks for a setting that does not exist. */
export class UnknownSettingError extends Error {
  override readonly name = 'UnknownSettingError';
}
