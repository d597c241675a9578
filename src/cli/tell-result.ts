// A sentence that is a result: in a terminal broken between words, elsewhere one line.
import { wrapLines } from '../base/wrap-text.ts';
import type { Surroundings } from './command.ts';

export function tellResult({ stdout, terminalSize }: Surroundings, text: string): void {
  stdout(wrapLines(text, terminalSize?.().columns ?? Infinity));
}
