// Converts command-line options to the settings that they override.
import { readConfig, type CommonOptions, type Configured } from '../assembly/load-trusted-config.ts';
import { UsageError } from '../base/usage-error.ts';
import type { TypedSetting } from '../config/load-config.ts';
import { joinPath } from '../config/dotted-names.ts';
import type { CommandContext, ParsedArgs } from './command.ts';
import { listOption, switchOption, textOption } from './typed-options.ts';

/** The setting that each option overrides, and how its value is read. */
const SETTINGS: readonly (readonly [
  option: string,
  path: string,
  read: (typed: ParsedArgs, name: string) => unknown,
])[] = [
  ['template-files', 'agent.slurm.template_files', listOption],
  ['queue', 'agent.slurm.queues', listOption],
  ['order-fairness', 'agent.slurm.order_fairness', switchOption],
  ['singularity-mode', 'agent.slurm.singularity_mode', switchOption],
  ['srun-delegation', 'agent.slurm.srun_delegation', switchOption],
  ['cluster', 'agent.slurm.cluster', textOption],
  ['http', 'agent.slurm.http.listen', textOption],
  ['state-dir', 'agent.slurm.state_dir', textOption],
];

/**
 * `--ssh` defines a cluster named after the host and selects it. A daemon for another host thus has its own state directory and
 * worker, and never looks for the jobs of this one.
 */
function sshSettings(typed: ParsedArgs): TypedSetting[] {
  const where = textOption(typed, 'ssh');
  if (where === undefined) return [];
  if (textOption(typed, 'cluster') !== undefined) throw new UsageError('Give either --ssh or --cluster.');
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

/** @throws UsageError */
export function commonOptions(typed: ParsedArgs): CommonOptions {
  const settings = SETTINGS.map(([option, path, read]) => ({
    option: `--${option}`,
    path,
    value: read(typed, option),
  }));
  return {
    configFile: textOption(typed, 'config-file'),
    settings: [...settings, ...sshSettings(typed)],
    logLevel: textOption(typed, 'log-level'),
    logFormat: textOption(typed, 'log-format'),
  };
}

/** @throws ConfigError, UsageError */
export function readConfigured(typed: ParsedArgs, context: CommandContext): Configured {
  return { config: readConfig(commonOptions(typed), context), context };
}
