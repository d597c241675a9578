// Formats `--help` (examples first, options in groups, 80 columns), and what a start without arguments or configuration prints.
import { wrapText } from '../base/wrap-text.ts';
import { COMMAND_GROUPS, type Argument, type Command, type Example, type Option } from './command.ts';
import { ALWAYS, PROGRAM, spelling } from './common-options.ts';

export const PURPOSE = 'Runs ClearML tasks as Slurm jobs. Each queue has an sbatch template.';
/** The maximum; longer lines are hard to read. */
export const HELP_WIDTH = 80;
/** The maximum width of the left column. */
const LEFT = 26;

/** @param width of the lines; examples are not wrapped */
export function helpText(command: Command, commands: readonly Command[], width = HELP_WIDTH): string {
  const isWhole = command.name === undefined;
  const usage = [usageOf(command), ...(isWhole ? [`${PROGRAM} COMMAND --help`] : [])];
  return [
    wrapText(isWhole ? PURPOSE : `${command.describe}.`, { width }),
    section('Examples', examplesText(command.examples, width)),
    section('Usage', usage.map((line) => `  ${line}\n`).join('')),
    ...sections(isWhole ? commandLists(commands) : [], width),
    ...sections([...argumentList(command), ...optionLists(command)], width),
  ].join('\n');
}

type Row = readonly [word: string, means: string];
type List = readonly [title: string, rows: readonly Row[]];

function commandLists(commands: readonly Command[]): List[] {
  return COMMAND_GROUPS.map((group) => [
    group,
    commands.filter((one) => one.group === group).map(({ name, describe }) => [name ?? '(no command)', describe]),
  ]);
}

function argumentList({ argument }: Command): List[] {
  return argument === undefined ? [] : [['Arguments', [[argumentName(argument), argument.means]]]];
}

function optionLists(command: Command): List[] {
  return optionGroups(command).map(([title, options]) => [title, options.map(optionRow)]);
}

/** Aligns the right columns of all lists. */
function sections(lists: readonly List[], width: number): string[] {
  const left = Math.min(LEFT, Math.max(...lists.flatMap(([, rows]) => rows.map(([word]) => word.length))));
  return lists.map(([title, rows]) => section(title, twoColumns(rows, left, width)));
}

/** Such as `clearml-agent-slurm logs TASK [options]`. */
export function usageOf({ name, argument }: Command): string {
  return [PROGRAM, name, argument?.usage, '[options]'].filter((word) => word !== undefined).join(' ');
}

/** Without the brackets of an optional argument. */
export function argumentName({ usage }: Argument): string {
  return usage.replace(/^\[(.*)\]$/, '$1');
}

/** The options of a command by group; options without a group come first. */
export function optionGroups(command: Command): [title: string, options: [name: string, option: Option][]][] {
  const all = Object.entries({ ...command.options, ...ALWAYS });
  const titles = [...new Set(all.map(([, { group }]) => group ?? 'Options'))];
  const ordered = titles.toSorted((a, b) => Number(b === 'Options') - Number(a === 'Options'));
  return ordered.map((title) => [title, all.filter(([, { group }]) => (group ?? 'Options') === title)]);
}

export function meaning({ describe, choices }: Option): string {
  return choices === undefined ? describe : `${describe}: ${choices.join(', ')}`;
}

function optionRow([name, option]: [string, Option]): Row {
  return [spelling(name, option), meaning(option)];
}

function examplesText(examples: readonly Example[], width: number): string {
  return examples
    .map(
      ({ commandLine: words, effect: does }) => `  ${PROGRAM} ${words}\n${wrapText(does, { indent: '      ', width })}`,
    )
    .join('');
}

function section(title: string, body: string): string {
  return `${title}:\n${body}`;
}

function twoColumns(rows: readonly Row[], left: number, width: number): string {
  const indent = ' '.repeat(left + 4);
  return rows
    .map(([word, means]) => {
      const right = wrapText(means, { indent, width });
      return word.length > left ? `  ${word}\n${right}` : `  ${word.padEnd(left)}  ${right.slice(indent.length)}`;
    })
    .join('');
}

export interface FirstRunFacts {
  /** The configuration file; undefined if there is none. */
  readonly configFile: string | undefined;
  readonly apiServer: string | undefined;
  readonly hasKeys: boolean;
  /** The path of `sbatch` on this machine; undefined if PATH has none. */
  readonly sbatch: string | undefined;
}

/** Without arguments and without a configured template: what was found, and the next command. */
export function firstRunText({ configFile, apiServer, hasKeys, sbatch }: FirstRunFacts): string {
  const file = configFile ?? '~/clearml.conf';
  const isServerSet = apiServer !== undefined && hasKeys;
  const found = [
    `ClearML server  ${isServerSet ? `${apiServer} (${file})` : whatServerLacks({ configFile, apiServer })}`,
    `Slurm           ${sbatch ?? 'no sbatch on PATH here: log in to the cluster, or name a login node with --ssh'}`,
    'Template        none configured',
  ];
  const next = isServerSet
    ? [
        `${PROGRAM} init site${sbatch === undefined ? ' --ssh HOST' : ''}`,
        'write a template and settings for your cluster',
      ]
    : [`${PROGRAM} demo`, 'run three example tasks with a temporary ClearML server'];
  const own = isServerSet
    ? []
    : [
        `Then put your server's address and a key into ${file} (web page: Settings, Workspace, Create new credentials),`,
        `and run ${PROGRAM} init site.`,
      ];
  return [...found, '', `Next: ${next[0]}    (${next[1]})`, ...own, `All commands: ${PROGRAM} --help`, ''].join('\n');
}

function whatServerLacks({ configFile, apiServer }: Pick<FirstRunFacts, 'configFile' | 'apiServer'>): string {
  if (configFile === undefined) return 'not configured: there is no ~/clearml.conf';
  return apiServer === undefined
    ? `not configured in ${configFile}`
    : `${apiServer}; ${configFile} has no key for this server`;
}
