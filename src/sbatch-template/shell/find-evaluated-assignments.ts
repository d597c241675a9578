// Finds assignments that bash evaluates: to integers, to arrays, and to variables whose values bash runs.
import type { Range } from '../template-source.ts';
import type { Command, Word, QuotingContext } from './lexer-result.ts';
import { CODE_VARIABLES, DECLARERS, PASSED_VARIABLE, INTEGER_VARIABLES } from './programs-that-run-code.ts';

/** Names that the script declares anywhere, because an assignment can run after a later line. */
export interface DeclaredNames {
  readonly integers: ReadonlySet<string>;
  readonly arrays: ReadonlySet<string>;
  /** Arrays whose subscripts are strings, not arithmetic. */
  readonly associative: ReadonlySet<string>;
  /** `declare -n NAME=…`: its value is the name of a variable. */
  readonly references: ReadonlySet<string>;
  /** `declare -n NAME`: the first value that is assigned later is the name of a variable. */
  readonly unbound: ReadonlySet<string>;
}

interface Assignment extends Range {
  readonly name: string | undefined;
  /** Between the brackets of `name[…]=`. */
  readonly subscript: Range | undefined;
  readonly valueAt: number;
  /** `name=(…)` */
  readonly isLiteralArray: boolean;
}

/** A range in which each placeholder has this context, however it is nested and quoted. */
export interface ReEvaluatedRange extends Range {
  readonly context: QuotingContext;
  /** A key of an associative array: bash expands variables in it, but does not evaluate their values. */
  readonly isKey?: true;
}

/** The text before the value, with brackets in a subscript (`a[${#a[@]}]=`); a name with a placeholder does not match. */
const NAME_AND_EQUALS = /^([A-Za-z_]\w*)(\[(?:[^[\]]|\[[^[\]]*\])*\])?\+?=/;

export function declaredNames(commands: readonly Command[], text: string): DeclaredNames {
  const integers = new Set(INTEGER_VARIABLES);
  let isAnyInteger = false;
  const arrays = new Set<string>();
  const associative = new Set<string>();
  const references = new Set<string>();
  const unbound = new Set<string>();
  for (const command of commands) {
    for (const word of [...command.assignments, ...command.words]) {
      const name = /^([A-Za-z_]\w*)\+?=\(/.exec(text.slice(word.start, word.end))?.[1];
      if (name !== undefined) arrays.add(name);
    }
    const flags = declarerFlags(command);
    if (flags === undefined) continue;
    for (const { text: word } of command.words.slice(1)) {
      const name = /^[A-Za-z_]\w*/.exec(word)?.[0];
      if (name === undefined && flags.includes('i') && word.startsWith('\0')) isAnyInteger = true;
      if (name !== undefined && flags.includes('i')) integers.add(name);
      if (name !== undefined && /[aA]/.test(flags)) arrays.add(name);
      if (name !== undefined && flags.includes('A')) associative.add(name);
      if (name !== undefined && flags.includes('n')) (name === word ? unbound : references).add(name);
    }
  }
  if (isAnyInteger) for (const name of wordsOfCalls(commands, text)) integers.add(name);
  return { integers, arrays, associative, references, unbound };
}

/** `integer() { declare -gi "$1"; }`: any argument of a function of the script may be a name. */
function wordsOfCalls(commands: readonly Command[], text: string): string[] {
  return commands.flatMap(({ words: [program, ...rest] }) => {
    if (!definesFunction(program?.text ?? '', text)) return [];
    return rest.map((word) => word.text).filter((word) => /^[A-Za-z_]\w*$/.test(word));
  });
}

export function definesFunction(name: string, text: string): boolean {
  return /^[\w-]+$/.test(name) && new RegExp(`(?:^|[\\s;])${name}[ \\t]*\\(\\)|function[ \\t]+${name}\\b`).test(text);
}

/** The ranges in the assignments of a command that bash evaluates. */
export function declarations(command: Command, names: DeclaredNames, text: string): ReEvaluatedRange[] {
  const plain = command.assignments.map((word) => parseAssignment(word, text));
  const flags = declarerFlags(command);
  const declared = flags === undefined ? [] : command.words.slice(1).map((word) => parseAssignment(word, text));
  const [program, first] = command.words;
  if (program?.text === 'let' && first !== undefined) {
    return [{ start: first.start, end: command.end, context: { kind: 'number', where: 'let' } }];
  }
  return [
    ...(flags === undefined ? command.words.flatMap((word) => passedVariable(word, text)) : []),
    ...plain.flatMap((assignment) => evaluatedValue(assignment, names)),
    ...declared.flatMap((assignment) => evaluatedDeclaration(assignment, names, flags ?? '')),
  ];
}

/** The option letters of a declaring command; undefined for other commands. */
function declarerFlags({ words }: Command): string | undefined {
  const declarer = words.findIndex(({ text }) => !/^(?:command|builtin)$/.test(text));
  if (!DECLARERS.test(words[declarer]?.text ?? '')) return undefined;
  return words
    .slice(declarer + 1)
    .filter(({ text }) => /^[-+]/.test(text))
    .map(({ text }) => text.slice(1))
    .join('');
}

function parseAssignment(word: Word, text: string): Assignment {
  const match = NAME_AND_EQUALS.exec(text.slice(word.start, word.end));
  const [all = '', name = '', brackets] = match ?? [];
  const valueAt = word.start + all.length;
  const at = word.start + name.length + 1;
  return {
    start: word.start,
    end: word.end,
    name: match?.[1],
    subscript: brackets === undefined ? undefined : { start: at, end: at + brackets.length - 2 },
    valueAt,
    isLiteralArray: text[valueAt] === '(',
  };
}

function passedVariable({ start, end }: Word, text: string): ReEvaluatedRange[] {
  const [before = '', name = ''] = PASSED_VARIABLE.exec(text.slice(start, end)) ?? [];
  if (!CODE_VARIABLES.test(name)) return [];
  return [
    {
      start: start + before.length,
      end,
      context: { kind: 're-evaluated', by: `${evaluatorOf(name)}, through ${name}` },
    },
  ];
}

function evaluatedValue({ name, valueAt, end }: Assignment, names: DeclaredNames): ReEvaluatedRange[] {
  if (name === undefined) return [];
  if (names.integers.has(name))
    return [{ start: valueAt, end, context: { kind: 'number', where: `the integer ${name}` } }];
  if (CODE_VARIABLES.test(name))
    return [{ start: valueAt, end, context: { kind: 're-evaluated', by: `${evaluatorOf(name)}, through ${name}` } }];
  return [];
}

function evaluatorOf(variable: string): string {
  return /^(?:APPTAINER|SINGULARITY)ENV_/.test(variable) ? 'Singularity' : 'bash';
}

function evaluatedDeclaration(assignment: Assignment, names: DeclaredNames, flags: string): ReEvaluatedRange[] {
  const { name, subscript, valueAt, start, end } = assignment;
  if (name === undefined)
    return [{ start, end, context: { kind: 're-evaluated', by: 'bash, as the name of a variable' } }];
  const subscripts: ReEvaluatedRange[] =
    subscript === undefined
      ? []
      : [
          {
            ...subscript,
            context:
              flags.includes('A') || names.associative.has(name)
                ? { kind: 're-evaluated', by: `bash, as a key of ${name}` }
                : { kind: 'number', where: `a subscript of ${name}` },
          },
        ];
  // The elements of an array literal are ordinary words.
  const isEvaluated = (/[aAn]/.test(flags) || names.arrays.has(name)) && !assignment.isLiteralArray;
  if (isEvaluated)
    return [
      ...subscripts,
      { start: valueAt, end, context: { kind: 're-evaluated', by: `bash, as the array ${name}` } },
    ];
  return [...subscripts, ...evaluatedValue(assignment, names)];
}
