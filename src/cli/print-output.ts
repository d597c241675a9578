// Prints results and the output of jobs as the terminal needs it.
import { visibleText } from '../base/terminal-text.ts';
import { wrapLines } from '../base/wrap-text.ts';
import type { CommandContext } from './command.ts';

/** Wraps a sentence on a terminal; elsewhere it is one line. */
export function printResult({ stdout, terminalSize }: CommandContext, text: string): void {
  stdout(wrapLines(text, terminalSize?.().columns ?? Infinity));
}

/** The output of a job or agent: on a terminal each line as it was shown last, elsewhere every byte. */
export function jobOutput({ isTerminal }: Pick<CommandContext, 'isTerminal'>, text: string): string {
  return isTerminal ? text.split(/\r?\n/).map(visibleText).join('\n') : text;
}
