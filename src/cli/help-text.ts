// What `--help` says of the program and of each command: examples first, options by what they are about, in 80 columns. Pure.
import { wrapText } from '../base/wrap-text.ts';
import { COMMAND_GROUPS, type Command, type Example, type Option } from './command.ts';

export const PROGRAM = 'clearml-agent-slurm';
export const PURPOSE = 'Runs ClearML tasks as Slurm jobs: each queue by the sbatch template that is given for it.';
const WIDTH = 80;
/** The widest left column of a list. */
const LEFT = 26;

/** Every command has these. */
export const ALWAYS: Readonly<Record<string, Option>> = {
  help: { alias: 'h', type: 'boolean', describe: 'Show this, or the help of a command' },
  version: { type: 'boolean', describe: 'Show which program this is, and where' },
};

export function helpText(command: Command, commands: readonly Command[]): string {
  const isWhole = command.name === undefined;
  const usage = usageOf(command);
  return [
    wrapped(isWhole ? PURPOSE : `${command.describe}.`, ''),
    section('Examples', examplesText(command.examples)),
    section('Usage', [usage, ...(isWhole ? [`${PROGRAM} COMMAND --help`] : [])].map((line) => `  ${line}\n`).join('')),
    ...(isWhole
      ? COMMAND_GROUPS.map((group) => section(group, commandList(commands.filter((one) => one.group === group))))
      : []),
    ...optionGroups(command).map(([title, options]) => section(title, twoColumns(options.map(optionRow)))),
  ].join('\n');
}

/** The command with what it takes, e.g. `clearml-agent-slurm logs [task] [options]`. */
export function usageOf({ name, positionals }: Command): string {
  return [PROGRAM, name, positionals?.replace(/(\w+)\.\.\]/, '$1...]'), '[options]']
    .filter((word) => word !== undefined)
    .join(' ');
}

/** The options of a command under their headings, those without one first. */
export function optionGroups(command: Command): [title: string, options: [name: string, option: Option][]][] {
  const all = Object.entries({ ...command.options, ...ALWAYS });
  const titles = [...new Set(all.map(([, { group }]) => group ?? 'Options'))];
  const ordered = titles.toSorted((a, b) => Number(b === 'Options') - Number(a === 'Options'));
  return ordered.map((title) => [title, all.filter(([, { group }]) => (group ?? 'Options') === title)]);
}

/** As it is typed, e.g. `-n, --lines N`. */
export function spelling(name: string, { alias, value }: Option): string {
  const letters = [alias ?? []].flat().map((letter) => `-${letter}, `);
  return `${letters.join('')}--${name}${value === undefined ? '' : ` ${value}`}`;
}

export function meaning({ describe, choices }: Option): string {
  return choices === undefined ? describe : `${describe}: ${choices.join(', ')}`;
}

function optionRow([name, option]: [string, Option]): [string, string] {
  return [spelling(name, option), meaning(option)];
}

function commandList(commands: readonly Command[]): string {
  return twoColumns(commands.map(({ name, describe }) => [name ?? '(no command)', describe]));
}

function examplesText(examples: readonly Example[]): string {
  return examples.map(({ words, does }) => `  ${PROGRAM} ${words}\n${wrapped(does, '      ')}`).join('');
}

function section(title: string, body: string): string {
  return `${title}:\n${body}`;
}

function twoColumns(rows: readonly (readonly [string, string])[]): string {
  const left = Math.min(LEFT, Math.max(...rows.map(([word]) => word.length)));
  const indent = ' '.repeat(left + 4);
  return rows
    .map(([word, text]) => {
      const right = wrapped(text, indent);
      return word.length > left ? `  ${word}\n${right}` : `  ${word.padEnd(left)}  ${right.slice(indent.length)}`;
    })
    .join('');
}

function wrapped(text: string, indent: string): string {
  return wrapText(text, { indent, width: WIDTH });
}
