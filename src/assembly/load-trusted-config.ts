// Reads the configuration from files, environment variables and command-line options.
import { loadConfig, type Config, type TypedSetting } from '../config/load-config.ts';
import { secretValues } from '../config/redact-secret-settings.ts';
import { knownSecrets, type ProcessContext } from './process-context.ts';
import { readTrustedFile, refuseUntrustedSettings, warnOfReadable } from './refuse-untrusted-files.ts';

/** The configuration and the process that read it. */
export interface Configured {
  readonly config: Config;
  readonly context: ProcessContext;
}

/** The options that every command takes, as parsed. */
export interface CommonOptions {
  readonly configFile?: string | undefined;
  readonly settings: readonly TypedSetting[];
  readonly logLevel?: string | undefined;
  readonly logFormat?: string | undefined;
}

/** @throws ConfigError */
export function readConfig({ configFile, settings }: CommonOptions, context: ProcessContext): Config {
  const config = loadConfig({
    environment: context.environment,
    homeDir: context.homeDir,
    commandLine: { configFile, settings },
    readFile: readTrustedFile,
  });
  // Before secrets are known: the path of a password's file counts as one, and would be masked in the sentence that names it.
  refuseUntrustedSettings(config);
  // `render` shows no secret, and the search takes as long as reading the configuration.
  knownSecrets(context).addLater(() => secretValues(config.root));
  return { ...config, warnings: [...config.warnings, ...warnOfReadable(config)] };
}
