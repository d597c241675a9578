// The command line that tracks the same task again, for the user to copy.
import { quoteWord } from '../base/shell-word.ts';
import type { TaskId } from '../clearml/ids.ts';
import type { ParsedArgs } from './command.ts';
import { isOn, textOption } from './typed-options.ts';

const TEXTS = ['template', 'queue', 'ssh', 'cluster', 'config-file', 'state-dir'] as const;
const SWITCHES = ['singularity-mode', 'srun-delegation'] as const;

/** Without `--clone` and `--container`: they are already applied. */
export function commandToTrackAgain(typed: ParsedArgs, task: TaskId): string {
  const texts = TEXTS.flatMap((name) => {
    const value = textOption(typed, name);
    return value === undefined ? [] : [`--${name}`, quoteWord(value)];
  });
  const switches = SWITCHES.filter((name) => isOn(typed, name)).map((name) => `--${name}`);
  return ['clearml-agent-slurm execute --id', task, ...texts, ...switches].join(' ');
}
