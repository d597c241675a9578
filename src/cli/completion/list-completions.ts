// Lists the commands, options and values that shells complete.
import type { Command, Option } from '../command.ts';
import { ALWAYS } from '../common-options.ts';

/** The kind of a value: none, one of these words, a file, a directory, or unknown to shells. */
export type ValueKind = { readonly words: readonly string[] } | 'none' | 'file' | 'folder' | 'unknown';

export interface OptionWords {
  readonly name: string;
  readonly letter: string | undefined;
  readonly describe: string;
  readonly value: ValueKind;
  readonly isList: boolean;
}

export interface CommandWords {
  readonly name: string;
  readonly describe: string;
  readonly options: readonly OptionWords[];
  /** The positional argument. */
  readonly positional: ValueKind;
}

/** The daemon command, which has no name, comes first. */
export function completionWords(commands: readonly Command[]): CommandWords[] {
  return commands.map((command) => ({
    name: command.name ?? '',
    describe: command.describe,
    options: Object.entries({ ...command.options, ...ALWAYS }).map(([name, option]) => optionWords(name, option)),
    positional: positionalKind(command),
  }));
}

function optionWords(name: string, option: Option): OptionWords {
  return {
    name,
    letter: option.alias,
    describe: option.describe,
    value: valueKind(option),
    isList: option.type === 'array',
  };
}

function valueKind({ type, choices, value, isValueOptional: isBare }: Option): ValueKind {
  if (type === 'boolean' || isBare === true) return 'none';
  if (choices !== undefined) return { words: choices };
  if (value?.startsWith('FILE') === true) return 'file';
  return value === 'DIR' ? 'folder' : 'unknown';
}

function positionalKind({ argument }: Command): ValueKind {
  if (argument === undefined) return 'none';
  if (argument.choices !== undefined) return { words: argument.choices };
  if (argument.name === 'templates') return 'file';
  return argument.name === 'folder' ? 'folder' : 'unknown';
}
