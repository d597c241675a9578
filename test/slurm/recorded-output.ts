// Output of real Slurm commands, recorded once, and results of commands made by hand.
import { readFileSync } from 'node:fs';
import type { CommandResult } from '../../src/transport/transport.ts';

export const FIXTURES = new URL('../fixtures/slurm/', import.meta.url);

export function fixture(name: string): string {
  return readFileSync(new URL(name, FIXTURES), 'utf8');
}

/** The result of a command that went well, unless told otherwise. */
export function result(change: Partial<CommandResult>): CommandResult {
  return { exitCode: 0, killedBy: undefined, stdout: '', stderr: '', ...change };
}
