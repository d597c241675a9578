// Finds the options whose values are restricted: those of Pyxis, the variables of srun and sbatch, the mounts of Singularity and docker.
import { specialWords } from '../data-flow/find-special-words.ts';
import type { DirectiveToken } from '../directives/tokenize-directives.ts';
import { definesFunction } from '../shell/find-evaluated-assignments.ts';
import type { Command, Word } from '../shell/lexer-result.ts';
import { isInside, type Range } from '../template-source.ts';

/** The value of an option, whose name has no dashes. */
export interface RestrictedValue extends Range {
  readonly option: string;
}

/** Options without a value (`spank_opts` in pyxis_args.c of Pyxis). */
const FLAGS = /^container-(?:mount-home|remap-root|entrypoint|readonly|writable)$/;

/** Also abbreviated, as getopt allows, or with an expansion in its name. */
const OPTION = /^--(container-[a-z\0-]*|export)(=.*)?$/s;

/** A program that runs containers, with its own restricted options. */
interface Runtime {
  readonly names: RegExp;
  readonly options: readonly string[];
  /** A short option; its value may be in the same word. */
  readonly short: RegExp;
  readonly longOf: Readonly<Record<string, string>>;
  /** Subcommands, without which the end of the options is not known. */
  readonly subcommands: RegExp;
  /** The text of a script that may use the program. */
  readonly isIn: RegExp;
}

const RUNTIMES: readonly Runtime[] = [
  {
    names: /(?:^|\/)(?:singularity|apptainer)$/,
    options: ['bind', 'mount', 'env', 'home', 'workdir', 'overlay', 'fusemount', 'scratch'],
    short: /^-([BHWoS])(.+)?$/s,
    longOf: { B: 'bind', H: 'home', W: 'workdir', o: 'overlay', S: 'scratch' },
    subcommands: /^(?:exec|run|shell|test|instance)$/,
    isIn: /\b(?:singularity|apptainer)\b/,
  },
  {
    names: /(?:^|\/)(?:docker|podman)$/,
    options: ['volume', 'mount'],
    short: /^-[ditPq]*(v)(.+)?$/s,
    longOf: { v: 'volume' },
    subcommands: /^(?:run|exec|start)$/,
    // Not the scheme of an image.
    isIn: /\b(?:docker|podman)\b(?!:\/\/)/,
  },
];

const LISTS = ['export', ...new Set(RUNTIMES.flatMap(({ options }) => options))];

/** The restricted options among the tokens of directives and the words of commands. */
export interface RestrictedOptions {
  readonly values: readonly RestrictedValue[];
  /** Tokens and words that are certainly not the value of such an option. */
  readonly others: readonly Range[];
}

export function restrictedOptions(
  tokens: readonly DirectiveToken[],
  commands: readonly Command[],
  text: string,
): RestrictedOptions {
  const lists: (readonly Word[])[] = [tokens, ...commands.map((command) => command.words)];
  const holders = commands.flatMap(({ assignments }) => assignments).filter(({ text }) => ANY.test(text));
  const others = lists.flatMap((words) => {
    const ofOthers = wordsOfOtherPrograms(words, text);
    return words.filter(
      (word) => ofOthers.includes(word) || (!ANY.test(word.text) && !holders.some((holder) => isInside(word, holder))),
    );
  });
  const variables = commands.flatMap(({ assignments, words }) => [...assignments, ...words].flatMap(variableOf));
  return { values: [...lists.flatMap(valuesIn), ...variables], others };
}

/** Variables that Singularity, and Slurm's commands, read like their options. */
const VARIABLE =
  /^(?:(?:APPTAINER|SINGULARITY)_(BIND|MOUNT|ENV|HOME|WORKDIR|OVERLAY|SCRATCH|FUSE)(?:PATH|IMAGE|DIR|SPEC)?|(?:SRUN|SLURM|SBATCH|SALLOC)_(EXPORT)(?:_ENV)?)\+?=/;

function variableOf({ text, start, end }: Word): RestrictedValue[] {
  const [, ofSingularity, ofSlurm] = VARIABLE.exec(text) ?? [];
  const option = ofSingularity ?? ofSlurm;
  if (option === undefined) return [];
  return [{ option: option === 'FUSE' ? 'fusemount' : option.toLowerCase(), start, end }];
}

const ANY = new RegExp(`--(?:container-|(?:${LISTS.join('|')})\\b)|-B`);

function valuesIn(words: readonly Word[]): RestrictedValue[] {
  const own = optionsOfRuntime(words);
  return words.flatMap((word, index) => {
    const found = optionIn(word, own?.words.includes(word) === true ? own.runtime : undefined);
    if (found === undefined || FLAGS.test(found.option)) return [];
    const next = words[index + 1];
    const isWhole = found.value !== undefined && found.value !== '=';
    const end = isWhole || next === undefined ? word.end : next.end;
    return [{ option: found.option.replaceAll('\0', '…'), start: word.start, end }];
  });
}

/** The words of a container runtime in a command, up to the program in the container. */
function optionsOfRuntime(
  words: readonly Word[],
): { readonly runtime: Runtime; readonly words: readonly Word[] } | undefined {
  for (const [at, { text }] of words.entries()) {
    const runtime = RUNTIMES.find(({ names }) => names.test(text));
    if (runtime === undefined) continue;
    const own = specialWords(words.slice(at));
    const isKnown = own.some((word) => runtime.subcommands.test(word.text));
    return { runtime, words: isKnown ? own : words.slice(at + 1) };
  }
  return undefined;
}

function optionIn(
  { text }: Word,
  runtime: Runtime | undefined,
): { readonly option: string; readonly value: string | undefined } | undefined {
  const [, general, generalValue] = OPTION.exec(text) ?? [];
  if (general !== undefined) return { option: general, value: generalValue };
  const [, long = '', longValue] = /^--([a-z]+)(=.*)?$/s.exec(text) ?? [];
  if (runtime?.options.includes(long) === true) return { option: long, value: longValue };
  const [, short = '', shortValue] = runtime?.short.exec(text) ?? [];
  const option = runtime?.longOf[short];
  return option === undefined ? undefined : { option, value: shortValue };
}

/** Commands whose arguments may become options of another command. */
const KEEPERS = /^(?:set|read|mapfile|readarray|echo|printf|eval|declare|typeset|local|export|readonly)$/;

/** Their arguments are never those of a container runtime. */
const INTERPRETERS = /(?:^|\/)(?:python[0-9.]*|torchrun|accelerate)$/;

/** Words that certainly belong to no container runtime: `python train.py --env=…`, also in a container. */
function wordsOfOtherPrograms(words: readonly Word[], text: string): readonly Word[] {
  const [program] = words;
  const last = optionsOfRuntime(words)?.words.at(-1);
  const interpreter = words.find((word) => INTERPRETERS.test(word.text));
  const begin = last ?? interpreter;
  if (begin !== undefined) return foreign(words.filter(({ start }) => start > begin.end));
  const isUnknown = program === undefined || KEEPERS.test(program.text) || definesFunction(program.text, text);
  const expanded = words.findIndex((word) => word.text.startsWith('\0'));
  return isUnknown ? [] : foreign(words.slice(0, expanded === -1 ? undefined : expanded));
}

/** Without the options of all programs, and the text of scripts; none if one of the words is a container runtime. */
function foreign(words: readonly Word[]): readonly Word[] {
  if (words.some(({ text }) => RUNTIMES.some(({ isIn }) => isIn.test(text)))) return [];
  return words.filter(({ text }) => /^--[a-z]+(?:=|$)/.test(text) && !OPTION.test(text));
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
  if (option === undefined || FLAGS.test(option)) return undefined;
  const runtimes = RUNTIMES.filter(({ options }) => options.includes(option));
  return runtimes.length > 0 && !runtimes.some(({ isIn }) => isIn.test(text)) ? undefined : option;
}

const NAMES = `container-[a-z-]+|${LISTS.join('|')}`;
const ON_LINE = new RegExp(`--(${NAMES})["']?(?:=|[ \\t]+)(?:(?![ \\t]--?[A-Za-z]).)*$`);
const BEHIND = new RegExp(`--(${NAMES})["']?\\s+\\S*$`);
