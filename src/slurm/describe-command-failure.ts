// Describes the failure of a Slurm command in one line.
import type { CommandResult } from '../transport/transport.ts';

/** The text of stderr on one line, or how the program ended. Never empty. */
export function failureMessage(program: string, result: CommandResult): string {
  const said = oneLine(result.stderr);
  if (said !== '') return said;
  if (result.killedBy !== undefined) return `${program} was killed by ${result.killedBy}`;
  return `${program} ended with exit code ${String(result.exitCode)} and printed nothing`;
}

/** Joins the lines of a text with spaces, removes control characters, and truncates at 500 characters. */
export function oneLine(text: string): string {
  const line = text.replace(/[\s\x00-\x1f\x7f-\x9f]+/g, ' ').trim();
  return line.length > 500 ? `${line.slice(0, 499)}…` : line;
}
