// Loads a configuration from texts instead of files, for tests.
import { loadConfig, type Config, type TypedSetting } from '../../src/config/load-config.ts';

export interface ConfigSources {
  /** By absolute path. */
  readonly files?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly configFile?: string;
  readonly settings?: readonly TypedSetting[];
}

/** The home folder is `/home/ada`. */
export function configFrom({ files = {}, environment = {}, configFile, settings = [] }: ConfigSources): Config {
  return loadConfig({
    environment,
    homeDir: '/home/ada',
    commandLine: { configFile, settings },
    readFile: (path) => files[path],
  });
}

/** A configuration whose `~/clearml.conf` is this text. */
export function configWith(text: string, environment: Readonly<Record<string, string>> = {}): Config {
  return configFrom({ files: { '/home/ada/clearml.conf': text }, environment });
}
