// A sentence that is a result: in a terminal broken between words, elsewhere one line.
import { wrapLines } from '../base/wrap-text.ts';
import type { CommandContext } from './command.ts';

export function tellResult({ stdout, terminalSize }: CommandContext, text: string): void {
  stdout(wrapLines(text, terminalSize?.().columns ?? Infinity));
}
