// Generates the completion script of a shell.
import { UsageError } from '../../base/usage-error.ts';
import type { Command } from '../command.ts';
import { bashCompletion } from './bash.ts';
import { fishCompletion } from './fish.ts';
import { completionWords, type CommandWords } from './list-completions.ts';
import { zshCompletion } from './zsh.ts';

const SHELLS: Readonly<Record<string, (commands: readonly CommandWords[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** @throws UsageError for an unsupported shell */
export function completionScript(shell: string | undefined, commands: readonly Command[]): string {
  const script = SHELLS[shell ?? ''];
  if (script === undefined) throw new UsageError(`Name a shell: ${Object.keys(SHELLS).join(', ')}.`);
  return script(completionWords(commands));
}
