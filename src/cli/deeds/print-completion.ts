// Prints the completion script of a shell.
import type { Command, CommandContext, Typed } from '../command.ts';
import { bashCompletion } from '../completion/bash.ts';
import { fishCompletion } from '../completion/fish.ts';
import { completionWords, type CommandWords } from '../completion/words.ts';
import { zshCompletion } from '../completion/zsh.ts';
import { EXIT } from '../../base/exit-codes.ts';
import { textOption } from '../typed-options.ts';
import { UsageError } from '../../base/usage-error.ts';

const SHELLS: Readonly<Record<string, (commands: readonly CommandWords[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** @throws UsageError for a shell that we have nothing for */
export function printCompletion(typed: Typed, context: CommandContext, commands: readonly Command[]): number {
  const script = SHELLS[textOption(typed, 'shell') ?? ''];
  if (script === undefined) throw new UsageError(`completion is for ${Object.keys(SHELLS).join(', ')}: name one.`);
  context.stdout(script(completionWords(commands)));
  return EXIT.ok;
}
