// How the program and its options are typed: all that reading a command line needs of its help.
import type { Option } from './command.ts';

export const PROGRAM = 'clearml-agent-slurm';

/** Every command has these. */
export const ALWAYS: Readonly<Record<string, Option>> = {
  help: { alias: 'h', type: 'boolean', describe: 'Show this, or the help of a command' },
  version: { alias: 'v', type: 'boolean', describe: 'Show which program this is, and where' },
};

/** As it is typed, e.g. `-n, --lines N`. */
export function spelling(name: string, { alias, value }: Option): string {
  const letter = alias === undefined ? '' : `-${alias}, `;
  return `${letter}--${name}${value === undefined ? '' : ` ${value}`}`;
}
