// What a job or an agent wrote, for whoever reads it here: in a terminal its lines as they were shown last, elsewhere every byte.
import { visibleText } from '../base/terminal-text.ts';
import type { CommandContext } from './command.ts';

export function forReader({ isTerminal }: Pick<CommandContext, 'isTerminal'>, text: string): string {
  return isTerminal ? text.split(/\r?\n/).map(visibleText).join('\n') : text;
}
