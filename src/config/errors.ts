// How reading the configuration can fail; one class for each thing a caller would do about it.
import { formatOrigin, type Origin } from './origin.ts';

/**
 * Thrown when a setting can't be read or can't be used: a person must change it where `origin` says.
 * The message begins with that place; for a file, the line is shown with a caret, and no secret in it.
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

/** Thrown when nothing says which ClearML server to use, or with which key: a person must get one. */
export class NoCredentialsError extends Error {
  override readonly name = 'NoCredentialsError';
}

/** Thrown when somebody asks for a setting that isn't there. */
export class UnknownSettingError extends Error {
  override readonly name = 'UnknownSettingError';
}
