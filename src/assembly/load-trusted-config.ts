// Reads the configuration from files, environment variables and command-line options.
import { loadConfig, type Config, type TypedSetting } from '../config/load-config.ts';
import { secretValues } from '../config/redact-secret-settings.ts';
import { knownSecrets, type ProcessContext } from './process-context.ts';
import { readTrustedFile, refuseUntrustedSettings, warnOfReadable } from './refuse-untrusted-files.ts';

/** The options that every command takes, as parsed. */
export interface CommonOptions {
  readonly configFile?: string | undefined;
  readonly settings: readonly TypedSetting[];
  readonly logLevel?: string | undefined;
  readonly logFormat?: string | undefined;
}

/** The configuration, the process that read it, and the options for its log. */
export interface Configured extends Pick<CommonOptions, 'logLevel' | 'logFormat'> {
  readonly config: Config;
  readonly context: ProcessContext;
}

/** @throws ConfigError */
export function readConfig(options: CommonOptions, context: ProcessContext): Configured {
  const { configFile, settings, logLevel, logFormat } = options;
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
  const warnings = [...config.warnings, ...warnOfReadable(config)];
  return { config: { ...config, warnings }, context, logLevel, logFormat };
}
