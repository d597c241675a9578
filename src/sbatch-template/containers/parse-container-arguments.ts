// Parses the container arguments of a task: mounts, variables, arguments for Singularity, and ignored ones with the reason.
import { splitWords } from '../../base/shell-word.ts';
import { SET_BY_JOB } from '../job-script/job-variable-tables.ts';
import { limitText } from '../../base/truncate-text.ts';
import { displayValue } from '../placeholders/display-value.ts';
import { ARGUMENTS, type ArgumentRow } from './container-argument-table.ts';
import { parseMount } from './check-mount.ts';

export interface ContainerVariable {
  readonly name: string;
  readonly value: string;
}

export interface ContainerArguments {
  /** `source:destination[:ro]`, for Singularity and Pyxis. */
  readonly mounts: readonly string[];
  /** Arguments for Singularity only. */
  readonly passed: readonly string[];
  readonly environment: readonly ContainerVariable[];
  /** A message for each ignored option, once. */
  readonly ignored: readonly string[];
}

/** The arguments of `singularity exec`, before the image. */
export function singularityOptions({ mounts, passed }: ContainerArguments): string[] {
  return [...mounts.flatMap((mount) => ['--bind', mount]), ...passed];
}

/** Thrown for an argument that is not allowed or not valid: the task cannot run. */
export class ContainerArgumentError extends Error {
  override readonly name = 'ContainerArgumentError';
}

/** Much more than a user types, so that the arguments of one task do not delay the others. */
const MOST_CHARACTERS = 65_536;

/**
 * @param written as in ClearML's web page, on one line
 * @param mounts the directories that may be mounted, with all below them; undefined: any
 * @throws ContainerArgumentError
 */
export function parseContainerArguments(written: string, mounts: readonly string[] | undefined): ContainerArguments {
  const binds: string[] = [];
  const passed: string[] = [];
  const environment: ContainerVariable[] = [];
  const dropped = new Set<string>();

  if (written.length > MOST_CHARACTERS) {
    throw new ContainerArgumentError(
      `the container arguments have ${String(written.length)} characters, and at most ${String(MOST_CHARACTERS)} are allowed: shorten them`,
    );
  }
  for (const { row, name, value } of parseOptions(splitArguments(written))) {
    switch (row.handling) {
      case 'environment':
        environment.push(...parseVariable(value));
        break;
      case 'mount': {
        const mount = parseMount(value, mounts);
        if ('refusal' in mount) throw new ContainerArgumentError(mount.refusal);
        binds.push(mount.bind);
        break;
      }
      case 'passed':
        passed.push(name);
        break;
      case 'dropped':
        dropped.add(`The container argument ${name} is ignored: ${row.reason}.`);
        break;
      case 'refused':
        throw new ContainerArgumentError(
          `the container argument ${name} is not allowed: ${row.reason}. Remove the argument`,
        );
    }
  }
  return { mounts: binds, passed, environment, ignored: [...dropped] };
}

function splitArguments(written: string): string[] {
  try {
    return splitWords(written);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new ContainerArgumentError(
      `the container arguments ${displayValue(written)} have an unpaired quote: correct them in the task`,
    );
  }
}

interface ParsedOption {
  readonly row: ArgumentRow;
  readonly name: string;
  readonly value: string;
}

function* parseOptions(words: readonly string[]): Generator<ParsedOption> {
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const [name, joined] = splitOption(word);
    const row = ARGUMENTS.find(({ names }) => names.includes(name));
    if (row === undefined) {
      const finding = word.startsWith('-') ? 'is not supported' : 'is not an option';
      throw new ContainerArgumentError(`the container argument ${displayValue(word)} ${finding}: remove this argument`);
    }
    const next = words[at + 1];
    const takesNext =
      joined === undefined &&
      (row.takes === 'value' || (row.takes === 'sometimes' && next !== undefined && !next.startsWith('-')));
    if (takesNext && next === undefined)
      throw new ContainerArgumentError(`the container argument ${name} requires a value`);
    if (joined !== undefined && row.takes === 'nothing' && row.handling === 'passed') {
      throw new ContainerArgumentError(
        `the container argument ${name} takes no value, but has the value ${displayValue(joined)}`,
      );
    }
    if (takesNext) at += 1;
    yield { row, name, value: joined ?? (takesNext ? (next ?? '') : '') };
  }
}

/** Splits `--name=value` and `-eNAME=value`; any other argument is a name. */
function splitOption(word: string): [name: string, joined: string | undefined] {
  const [, long, value] = /^(--[^=]+)=(.*)$/s.exec(word) ?? [];
  if (long !== undefined) return [long, value];
  const isShort = /^-[^-]/.test(word);
  const short = word.slice(0, 2);
  const isKnown = ARGUMENTS.some(({ names, takes }) => takes !== 'nothing' && names.includes(short));
  if (isShort && word.length > 2 && isKnown) return [short, word.slice(2).replace(/^=/, '')];
  return [word, undefined];
}

/** Linux passes at most 128 KiB in one variable (MAX_ARG_STRLEN of execve(2)), its name included: with more, no program starts. */
export const MOST_BYTES = 130_000;

/** The length of a text as the job script encodes it for a container. */
export function encodedBytes(text: string): number {
  return Buffer.byteLength(text.replaceAll(/[%\\]/g, '%25'));
}

/** Variables from the job to its agent, which a task must not change. */
const OWN = new Set(SET_BY_JOB.flatMap(({ names }) => names));

/** Also variables of the job script, which continues inside: `clearml_task` is the id of the task. */
const OWN_PREFIX = /^(?:CLEARML_SLURM|clearml|SLURM|PMI|PMIX)_/;

/**
 * Variables that change bash itself (bash(1), "Shell Variables"), that bash evaluates on assignment, or that load code into each
 * program. LD_LIBRARY_PATH is not one: images need it, and it does not change the job script.
 */
const CHANGES_SCRIPT = new RegExp(
  '^(?:_|IFS|ENV|BASH.*|SHELLOPTS|POSIXLY_CORRECT|PS[0-4]|PROMPT_COMMAND|FUNCNEST|TMOUT|GLOBIGNORE|EXECIGNORE|CDPATH|OPT(?:IND|ERR|ARG)|' +
    'S?RANDOM|SECONDS|EPOCH\\w+|LINENO|HISTCMD|COMP_\\w+|DIRSTACK|FUNCNAME|GROUPS|PIPESTATUS|LD_(?:PRELOAD|AUDIT))$',
);

function parseVariable(written: string): ContainerVariable[] {
  const [, name = written, value] = /^([^=]*)=(.*)$/s.exec(written) ?? [];
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    throw new ContainerArgumentError(
      `${displayValue(name)} is not the name of a variable: correct it in the container arguments`,
    );
  }
  if (OWN.has(name) || OWN_PREFIX.test(name)) {
    throw new ContainerArgumentError(`the variable ${name} is set by the job: remove it from the container arguments`);
  }
  if (CHANGES_SCRIPT.test(name)) {
    throw new ContainerArgumentError(
      `the variable ${name} changes the job script itself: remove it from the container arguments`,
    );
  }
  if ((value ?? '').includes('\0'))
    throw new ContainerArgumentError(`the variable ${name} contains a NUL character: remove it`);
  const bytes = encodedBytes(name + (value ?? ''));
  if (bytes > MOST_BYTES) {
    throw new ContainerArgumentError(
      `the variable ${limitText(name, 'name')} has ${bytes} bytes, and at most ${MOST_BYTES} reach the container: put the value into a file`,
    );
  }
  // Without a value, docker takes it from the environment; Singularity passes the environment anyway.
  return value === undefined ? [] : [{ name, value }];
}
