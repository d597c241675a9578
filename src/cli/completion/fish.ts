// Generates the completion script for fish.
import { PROGRAM } from '../common-options.ts';
import type { CommandWords, OptionWords, ValueKind } from './list-completions.ts';

export function fishCompletion(commands: readonly CommandWords[]): string {
  const named = commands.filter(({ name }) => name !== '');
  const seen = '__fish_seen_subcommand_from';
  const lines = commands.flatMap(({ name, options, positional }) => {
    const when = name === '' ? `not ${seen} ${named.map((one) => one.name).join(' ')}` : `${seen} ${name}`;
    return [...positionalOf(when, positional), ...options.map((option) => lineOf(when, option))];
  });
  return [
    `# Completion of ${PROGRAM} for fish. To keep it: ${PROGRAM} completion fish > ~/.config/fish/completions/${PROGRAM}.fish`,
    `complete -c ${PROGRAM} -f`,
    ...named.map(
      ({ name, describe }) => `complete -c ${PROGRAM} -n __fish_is_first_token -a ${name} -d ${quoted(describe)}`,
    ),
    ...lines,
    '',
  ].join('\n');
}

function lineOf(when: string, { name, letter, describe, value }: OptionWords): string {
  const words = [`complete -c ${PROGRAM} -n ${quoted(when)} -l ${name}`];
  if (letter !== undefined) words.push(`-s ${letter}`);
  words.push(valueOf(value), `-d ${quoted(describe)}`);
  return words.filter((word) => word !== '').join(' ');
}

function positionalOf(when: string, positional: ValueKind): string[] {
  if (positional === 'none' || positional === 'unknown') return [];
  const offered = typeof positional === 'string' ? '-F' : `-a ${quoted(positional.words.join(' '))}`;
  return [`complete -c ${PROGRAM} -n ${quoted(when)} ${offered}`];
}

function valueOf(value: ValueKind): string {
  if (value === 'none') return '';
  if (value === 'file') return '-r -F';
  if (value === 'folder') return "-x -a '(__fish_complete_directories)'";
  return typeof value === 'string' ? '-x' : `-x -a ${quoted(value.words.join(' '))}`;
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
