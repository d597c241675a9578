// Prints the completion script of a shell.
import type { Command, Surroundings, Typed } from '../command.ts';
import { bashCompletion } from '../completion/bash.ts';
import { fishCompletion } from '../completion/fish.ts';
import { completionWords, type CommandWords } from '../completion/words.ts';
import { zshCompletion } from '../completion/zsh.ts';
import { EXIT } from '../exit-codes.ts';
import { textOption } from '../typed-options.ts';
import { UsageProblem } from '../usage-problem.ts';

const SHELLS: Readonly<Record<string, (commands: readonly CommandWords[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** @throws UsageProblem for a shell that we have nothing for */
export function printCompletion(typed: Typed, around: Surroundings, commands: readonly Command[]): number {
  const script = SHELLS[textOption(typed, 'shell') ?? ''];
  if (script === undefined) throw new UsageProblem(`completion is for ${Object.keys(SHELLS).join(', ')}: name one.`);
  around.stdout(script(completionWords(commands)));
  return EXIT.ok;
}
