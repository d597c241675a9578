// Generates the completion script of a shell.
import { UsageError } from '../../base/usage-error.ts';
import type { Command } from '../command.ts';
import { bashCompletion } from './bash.ts';
import { fishCompletion } from './fish.ts';
import { completionWords, type CommandWords } from './list-completions.ts';
import { zshCompletion } from './zsh.ts';

const SHELLS: ReadonlyMap<string, (commands: readonly CommandWords[]) => string> = new Map([
  ['bash', bashCompletion],
  ['zsh', zshCompletion],
  ['fish', fishCompletion],
]);

/** @throws UsageError for an unsupported shell */
export function completionScript(shell: string | undefined, commands: readonly Command[]): string {
  const script = SHELLS.get(shell ?? '');
  if (script === undefined) throw new UsageError(`Name a shell: ${[...SHELLS.keys()].join(', ')}.`);
  return script(completionWords(commands));
}
