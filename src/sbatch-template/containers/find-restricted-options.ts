// Finds the options whose values are restricted: those of Pyxis, and the lists of mounts and variables of srun, sbatch and Singularity.
import type { DirectiveToken } from '../directives/tokenize-directives.ts';
import type { Command, Word } from '../shell/lexer-result.ts';
import { isInside, type Range } from '../template-source.ts';

/** The value of an option, whose name has no dashes. */
export interface RestrictedValue extends Range {
  readonly option: string;
}

/** Options without a value (`spank_opts` in pyxis_args.c of Pyxis). */
const FLAGS = /^container-(?:mount-home|remap-root|entrypoint|readonly|writable)$/;

/** Options of srun, sbatch and Singularity; `-B` is short for `--bind`. */
const LISTS = ['export', 'bind', 'mount', 'env'];

/** Also abbreviated, as getopt allows, or with an expansion in its name. */
const OPTION = new RegExp(`^(?:--(container-[a-z\\0-]*|${LISTS.join('|')})(=.*)?|-(B)(.+)?)$`, 's');

const OF_SINGULARITY = ['bind', 'mount', 'env'];
const IS_SINGULARITY = /(?:^|\/)(?:singularity|apptainer)$/;

/** The restricted options among the tokens of directives and the words of commands. */
export interface RestrictedOptions {
  readonly values: readonly RestrictedValue[];
  /** Tokens and words that are certainly not the value of such an option. */
  readonly others: readonly Range[];
}

export function restrictedOptions(tokens: readonly DirectiveToken[], commands: readonly Command[]): RestrictedOptions {
  const lists: (readonly Word[])[] = [tokens, ...commands.map((command) => command.words)];
  const holders = commands.flatMap(({ assignments }) => assignments).filter(({ text }) => ANY.test(text));
  const others = lists
    .flat()
    .filter((word) => !ANY.test(word.text) && !holders.some((holder) => isInside(word, holder)));
  const variables = commands.flatMap(({ assignments, words }) => [...assignments, ...words].flatMap(variableOf));
  return { values: [...lists.flatMap(valuesIn), ...variables], others };
}

/** Variables that Singularity, and Slurm's commands, read like their options. */
const VARIABLE =
  /^(?:(?:APPTAINER|SINGULARITY)_(BIND|MOUNT|ENV)(?:PATH)?|(?:SRUN|SLURM|SBATCH|SALLOC)_(EXPORT)(?:_ENV)?)\+?=/;

function variableOf({ text, start, end }: Word): RestrictedValue[] {
  const [, ofSingularity, ofSlurm] = VARIABLE.exec(text) ?? [];
  const option = ofSingularity ?? ofSlurm;
  return option === undefined ? [] : [{ option: option.toLowerCase(), start, end }];
}

const ANY = new RegExp(`--(?:container-|(?:${LISTS.join('|')})\\b)|-B`);

function valuesIn(words: readonly Word[]): RestrictedValue[] {
  const isSingularity = words.some(({ text }) => IS_SINGULARITY.test(text));
  return words.flatMap(({ text, start, end }, index) => {
    const [, long, longValue, short, shortValue] = OPTION.exec(text) ?? [];
    const option = short === undefined ? long : 'bind';
    const value = short === undefined ? longValue : shortValue;
    if (option === undefined || FLAGS.test(option)) return [];
    if (OF_SINGULARITY.includes(option) && !isSingularity) return [];
    const next = words[index + 1];
    const isWhole = value !== undefined && value !== '=';
    return [{ option: option.replaceAll('\0', '…'), start, end: isWhole || next === undefined ? end : next.end }];
  });
}

/**
 * The option whose value contains this range; undefined if there is none. In an array or a variable with options for a later command,
 * and in the text of a script, the option is found in the same line, or in the word before.
 */
export function restrictedOptionAt(
  text: string,
  place: Range,
  { values, others }: RestrictedOptions,
): string | undefined {
  const value = values.find((candidate) => isInside(place, candidate));
  if (value !== undefined) return value.option;
  if (others.some((word) => isInside(place, word))) return undefined;
  const before = text.slice(0, place.start).replaceAll('\\\n', '  ');
  const option = (ON_LINE.exec(before) ?? BEHIND.exec(before))?.[1];
  if (option !== undefined && OF_SINGULARITY.includes(option) && !MAY_BE_SINGULARITY.test(text)) return undefined;
  return option === undefined || FLAGS.test(option) ? undefined : option;
}

const NAMES = `container-[a-z-]+|${LISTS.join('|')}`;
const ON_LINE = new RegExp(`--(${NAMES})["']?(?:=|[ \\t]+)(?:(?![ \\t]--?[A-Za-z]).)*$`);
const BEHIND = new RegExp(`--(${NAMES})["']?\\s+\\S*$`);
const MAY_BE_SINGULARITY = /\b(?:singularity|apptainer)\b/;
