// A task's container arguments, read by the table: what Singularity is given, what is exported inside, what is left out and why.
import { splitWords } from '../../base/shell-word.ts';
import { SET_BY_JOB } from '../job-variables.ts';
import { displayValue } from '../display-value.ts';
import { ARGUMENTS, type ArgumentRow } from './arguments-table.ts';
import { parseMount } from './mount.ts';

export interface ContainerVariable {
  readonly name: string;
  readonly value: string;
}

export interface ContainerArguments {
  /** `source:destination[:ro]`, as Singularity and Pyxis read it alike. */
  readonly mounts: readonly string[];
  /** What only Singularity knows, each a whole argument. */
  readonly passed: readonly string[];
  readonly environment: readonly ContainerVariable[];
  /** One sentence for each option that was left out, however often it stands there. */
  readonly ignored: readonly string[];
}

/** The arguments of `singularity exec` for these, in front of the image. */
export function singularityOptions({ mounts, passed }: ContainerArguments): string[] {
  return [...mounts.flatMap((mount) => ['--bind', mount]), ...passed];
}

/** Thrown for an argument that may not be: the task can't be run as it asks. */
export class ContainerArgumentError extends Error {
  override readonly name = 'ContainerArgumentError';
}

/** Far more than anybody types: the arguments of one task may not keep the daemon from those of the others. */
const MOST_CHARACTERS = 65_536;

/**
 * @param written as ClearML's web page has them, in one line
 * @param mounts the folders that may be mounted, with all below them; undefined: any
 * @throws ContainerArgumentError
 */
export function parseContainerArguments(written: string, mounts: readonly string[] | undefined): ContainerArguments {
  const binds: string[] = [];
  const passed: string[] = [];
  const environment: ContainerVariable[] = [];
  const dropped = new Set<string>();

  if (written.length > MOST_CHARACTERS) {
    throw new ContainerArgumentError(
      `the container arguments have ${String(written.length)} characters, and may have ${String(MOST_CHARACTERS)}: shorten them`,
    );
  }
  for (const { row, name, value } of readOptions(splitArguments(written))) {
    switch (row.handling) {
      case 'environment':
        environment.push(...readVariable(value));
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
        dropped.add(`The container argument ${name} is left out: ${row.reason}.`);
        break;
      case 'refused':
        throw new ContainerArgumentError(
          `the container argument ${name} can not be used here: ${row.reason}. Take it out`,
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
      `the container arguments ${displayValue(written)} have quotes that are not in pairs`,
    );
  }
}

interface ReadOption {
  readonly row: ArgumentRow;
  readonly name: string;
  readonly value: string;
}

function* readOptions(words: readonly string[]): Generator<ReadOption> {
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    const [name, joined] = splitOption(word);
    const row = ARGUMENTS.find(({ names }) => names.includes(name));
    if (row === undefined) {
      const what = word.startsWith('-') ? 'is not one that is known here' : 'is not an option';
      throw new ContainerArgumentError(`the container argument ${displayValue(word)} ${what}: take it out`);
    }
    const next = words[at + 1];
    const takesNext =
      joined === undefined &&
      (row.takes === 'value' || (row.takes === 'sometimes' && next !== undefined && !next.startsWith('-')));
    if (takesNext && next === undefined)
      throw new ContainerArgumentError(`the container argument ${name} has no value`);
    if (joined !== undefined && row.takes === 'nothing' && row.handling === 'passed') {
      throw new ContainerArgumentError(
        `the container argument ${name} takes no value, and has ${displayValue(joined)}`,
      );
    }
    if (takesNext) at += 1;
    yield { row, name, value: joined ?? (takesNext ? (next ?? '') : '') };
  }
}

/** `--name=value`, `-eNAME=value`; else the word itself. */
function splitOption(word: string): [name: string, joined: string | undefined] {
  const [, long, value] = /^(--[^=]+)=(.*)$/s.exec(word) ?? [];
  if (long !== undefined) return [long, value];
  const isShort = /^-[^-]/.test(word);
  const short = word.slice(0, 2);
  const isKnown = ARGUMENTS.some(({ names, takes }) => takes !== 'nothing' && names.includes(short));
  if (isShort && word.length > 2 && isKnown) return [short, word.slice(2).replace(/^=/, '')];
  return [word, undefined];
}

/** What the job says to its agent is not the task's to change. */
const OWN = new Set(SET_BY_JOB.flatMap(({ names }) => names));

/** Also the variables of the job's own script, which runs on inside: `clearml_task` says which task. */
const OWN_PREFIX = /^(?:CLEARML_SLURM|clearml|SLURM|PMI|PMIX)_/;

/**
 * What bash takes as a change of itself (bash(1), "Shell Variables"), evaluates when it is assigned, or loads into each program.
 * LD_LIBRARY_PATH is none of them: images need it, and it says nothing about our script.
 */
const CHANGES_SCRIPT = new RegExp(
  '^(?:_|IFS|ENV|BASH.*|SHELLOPTS|POSIXLY_CORRECT|PS[0-4]|PROMPT_COMMAND|FUNCNEST|TMOUT|GLOBIGNORE|EXECIGNORE|CDPATH|OPT(?:IND|ERR|ARG)|' +
    'S?RANDOM|SECONDS|EPOCH\\w+|LINENO|HISTCMD|COMP_\\w+|DIRSTACK|FUNCNAME|GROUPS|PIPESTATUS|LD_(?:PRELOAD|AUDIT))$',
);

function readVariable(written: string): ContainerVariable[] {
  const [, name = written, value] = /^([^=]*)=(.*)$/s.exec(written) ?? [];
  if (!/^[A-Za-z_]\w*$/.test(name)) {
    throw new ContainerArgumentError(
      `${displayValue(name)} can not be the name of a variable in the container: correct it`,
    );
  }
  if (OWN.has(name) || OWN_PREFIX.test(name)) {
    throw new ContainerArgumentError(
      `the variable ${name} is set by the job and can not be given to the container: take it out`,
    );
  }
  if (CHANGES_SCRIPT.test(name)) {
    throw new ContainerArgumentError(
      `the variable ${name} changes the script of the job itself and can not be given to the container: take it out`,
    );
  }
  if ((value ?? '').includes('\0')) throw new ContainerArgumentError(`the variable ${name} holds a NUL character`);
  // Without a value docker takes it from outside; Singularity hands on what is there anyway.
  return value === undefined ? [] : [{ name, value }];
}
