// What a Slurm command that failed has to say for itself: one line for people, in Slurm's own words.
import type { CommandResult } from '../transport/transport.ts';

/** Standard error as one line, else how the program ended. Never empty. */
export function failureMessage(program: string, result: CommandResult): string {
  const said = oneLine(result.stderr);
  if (said !== '') return said;
  if (result.killedBy !== undefined) return `${program} was ended by ${result.killedBy}`;
  return `${program} ended with exit code ${String(result.exitCode)} and said nothing`;
}

/** The lines of a text joined by blanks, without control characters, cut at 500 characters. */
export function oneLine(text: string): string {
  const line = text.replace(/[\s\x00-\x1f\x7f-\x9f]+/g, ' ').trim();
  return line.length > 500 ? `${line.slice(0, 499)}…` : line;
}
