// Converts command-line options to the settings that they override, and to the command line that tracks a task again.
import { readConfig, type CommonOptions, type Configured } from '../assembly/load-trusted-config.ts';
import { UsageError } from '../base/usage-error.ts';
import type { TypedSetting } from '../config/load-config.ts';
import { joinPath } from '../config/dotted-names.ts';
import { parseLogin } from '../transport/ssh-target.ts';
import type { CommandContext, ParsedArgs } from './command.ts';
import { listOption, switchOption, textOption, isOn } from './typed-options.ts';
import { quoteWord } from '../base/shell-word.ts';
import type { TaskId } from '../clearml/ids.ts';

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
  const { user, host } = parseLogin(where);
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
  return readConfig(commonOptions(typed), context);
}

const TEXTS = ['template', 'queue', 'ssh', 'cluster', 'config-file', 'state-dir'] as const;
const SWITCHES = ['singularity-mode', 'srun-delegation'] as const;

/** The command line that tracks the same task again, for the user to copy. Without `--clone` and `--container`: they are already applied. */
export function commandToTrackAgain(typed: ParsedArgs, task: TaskId): string {
  const texts = TEXTS.flatMap((name) => {
    const value = textOption(typed, name);
    return value === undefined ? [] : [`--${name}`, quoteWord(value)];
  });
  const switches = SWITCHES.filter((name) => isOn(typed, name)).map((name) => `--${name}`);
  return ['clearml-agent-slurm execute --id', task, ...texts, ...switches].join(' ');
}
