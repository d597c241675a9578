// The name of the program and the spelling of its options.
import type { Option } from './command.ts';

export const PROGRAM = 'clearml-agent-slurm';

/** The options of every command. */
export const ALWAYS: Readonly<Record<string, Option>> = {
  help: { alias: 'h', type: 'boolean', describe: 'Show help' },
  version: { alias: 'v', type: 'boolean', describe: 'Show the version and the install directory' },
};

/** Such as `-n, --lines N`. */
export function spelling(name: string, { alias, value }: Option): string {
  const letter = alias === undefined ? '' : `-${alias}, `;
  return `${letter}--${name}${value === undefined ? '' : ` ${value}`}`;
}
