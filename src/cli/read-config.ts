// The configuration that files, variables and the options of a command come to.
import { readTextFile } from '../config/config-files.ts';
import { loadConfig, type Config, type TypedSetting } from '../config/load.ts';
import type { Surroundings, Typed } from './command.ts';
import { listOption, switchOption, textOption } from './typed-options.ts';

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
