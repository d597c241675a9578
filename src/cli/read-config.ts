// The configuration that files, variables and the options of a command come to.
import { loadConfig, type Config, type TypedSetting } from '../config/load.ts';
import { secretValues } from '../config/secret-values.ts';
import { joinPath } from '../config/setting-path.ts';
import type { Surroundings, Typed } from './command.ts';
import { knownSecrets } from './known-secrets.ts';
import { readOwnFile, refuseUntrustedSettings, warnOfReadable } from './trusted-files.ts';
import { listOption, switchOption, textOption } from './typed-options.ts';
import { UsageProblem } from './usage-problem.ts';

/** A command's configuration, beside the surroundings that it was read from. */
export interface Configured {
  readonly config: Config;
  readonly around: Surroundings;
}

/** Which setting an option stands for, and how it is read. */
const SETTINGS: readonly (readonly [option: string, path: string, read: (typed: Typed, name: string) => unknown])[] = [
  ['template-files', 'agent.slurm.template_files', listOption],
  ['queue', 'agent.slurm.queues', listOption],
  ['order-fairness', 'agent.slurm.order_fairness', switchOption],
  ['singularity-mode', 'agent.slurm.singularity_mode', switchOption],
  ['srun-delegation', 'agent.slurm.srun_delegation', switchOption],
  ['cluster', 'agent.slurm.cluster', textOption],
  ['state-dir', 'agent.slurm.state_dir', textOption],
];

/**
 * `--ssh` makes a cluster of the host's name, and chooses it: a daemon for another host has another state folder and worker, so
 * that jobs of one are never looked for at the other.
 */
function sshSettings(typed: Typed): TypedSetting[] {
  const where = textOption(typed, 'ssh');
  if (where === undefined) return [];
  if (textOption(typed, 'cluster') !== undefined) throw new UsageProblem('Give either --ssh or --cluster.');
  const [, user, host = ''] = /^(?:([^@]+)@)?([^@]*)$/.exec(where) ?? [];
  const name = host.replace(/[^\w.-]/g, '-');
  const option = '--ssh';
  const cluster = joinPath(['agent', 'slurm', 'clusters', name]);
  return [
    { option, path: `${cluster}.host`, value: host },
    { option, path: `${cluster}.user`, value: user },
    { option, path: 'agent.slurm.cluster', value: name },
  ];
}

/** @throws ConfigError, UsageProblem */
export function readConfig(typed: Typed, around: Surroundings): Config {
  const settings: TypedSetting[] = SETTINGS.map(([option, path, read]) => ({
    option: `--${option}`,
    path,
    value: read(typed, option),
  }));
  const config = loadConfig({
    environment: around.environment,
    homeDir: around.homeDir,
    commandLine: { configFile: textOption(typed, 'config-file'), settings: [...settings, ...sshSettings(typed)] },
    readFile: readOwnFile,
  });
  // Before secrets are known: the path of a password's file counts as one, and would be masked in the sentence that names it.
  refuseUntrustedSettings(config);
  for (const value of secretValues(config.root)) knownSecrets(around).add(value);
  return { ...config, warnings: [...config.warnings, ...warnOfReadable(config)] };
}
