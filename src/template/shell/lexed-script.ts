// What the lexer of bash finds in a script: each placeholder with the place it stands in, and the commands around them.
import type { BlockPlaceholder, ValuePlaceholder } from '../placeholder.ts';
import type { Range } from '../source.ts';
import type { QuotingContext } from './quoting-context.ts';

/** A value comes to where it is evaluated, by way of a variable. */
export interface Reach {
  readonly placeholder: ValuePlaceholder;
  readonly requirement: 'number' | 'plain word' | 'plain for Pyxis' | 'part of a mount' | 'one variable';
  /** Who evaluates it. */
  readonly by: string;
  /** As a person would write it: `$CMD`, or `$1` for words of a call. */
  readonly variable: string;
  /** Where it is evaluated. */
  readonly line: number;
  /** The placeholder itself is a word of what is run. */
  readonly isDirect?: boolean;
  /** Not where a program or a check of the template's own stands between. */
  readonly isCertain: boolean;
}

/** A placeholder outside of comments. */
export interface Occurrence {
  readonly placeholder: ValuePlaceholder;
  readonly context: QuotingContext;
  /** Where its value is surely evaluated, by way of a variable. */
  readonly reaches?: readonly Reach[];
}

export interface BlockOccurrence {
  readonly placeholder: BlockPlaceholder;
  /** In a command substitution or the like. */
  readonly isNested: boolean;
  /** The kind of quotes or expression it stands in, when it can't be a command there. */
  readonly within: QuotingContext['kind'] | undefined;
}

export interface Word extends Range {
  /** Without its quotes; each expansion and each placeholder in it is one NUL. */
  readonly text: string;
}

/** A simple command (bash(1), "Simple Commands"), or `[[ … ]]`. */
export interface Command extends Range {
  readonly assignments: readonly Word[];
  readonly words: readonly Word[];
}

/** Commands joined by `|`; one command alone is none. */
export interface Pipeline extends Range {
  readonly elements: readonly Range[];
}

export interface ShellFunction {
  readonly name: string;
  readonly body: Range;
}

export interface Redirection extends Range {
  readonly operator: string;
  readonly target: Word;
}

export interface HereDocument {
  /** Where its `<<` stands. */
  readonly operatorAt: number;
  readonly body: Range;
  readonly delimiter: string;
  readonly isQuoted: boolean;
  /** `<<-` */
  readonly stripsTabs: boolean;
  /** In a command substitution, where older bashes end it at a line that only begins with its delimiter. */
  readonly isNested: boolean;
}

/** A stretch that is arithmetic. */
export interface Arithmetic extends Range {
  readonly where: string;
}

/** `$NAME` with a placeholder right behind it, where a value of letters would make another name of it. */
export interface UnbracedName extends Range {
  readonly placeholder: ValuePlaceholder;
}

/** A parameter that bash expands. */
export interface Expansion extends Range {
  /** Of the variable; a digit, `@` or `*` for the words that a function or a script was given. */
  readonly name: string;
  /** What comes of it: its value; that of the variable which the value names; what a prompt makes of it (`@P`); the keys of an array; nothing that a value could choose. */
  readonly form: 'value' | 'keys' | 'indirect' | 'prompt' | 'harmless';
}

/** A variable that gets what stands in a stretch, other than by `NAME=…`: of a loop, or by `${NAME:=…}`. */
export interface ImplicitAssignment {
  readonly name: string;
  readonly from: Range;
  /** Those of a loop, of which it gets one after the other. */
  readonly words?: readonly Word[];
}

/** The elements in `name=(…)`, from parenthesis to parenthesis. */
export interface ArrayLiteral extends Range {
  readonly elements: readonly Word[];
}

/** What some bash takes for something else within a command substitution. */
export interface ParserBug extends Range {
  /** Completes "…, so that a value here could become code". */
  readonly effect: string;
  /** As an order. */
  readonly remedy: string;
}

export interface LexedScript {
  /** In the order of the text. */
  readonly occurrences: readonly Occurrence[];
  readonly blocks: readonly BlockOccurrence[];
  readonly commands: readonly Command[];
  /** Groups, loops, conditionals and subshells, each with its redirections. */
  readonly compounds: readonly Range[];
  readonly pipelines: readonly Pipeline[];
  readonly functions: readonly ShellFunction[];
  readonly redirections: readonly Redirection[];
  readonly documents: readonly HereDocument[];
  readonly arithmetic: readonly Arithmetic[];
  readonly processSubstitutions: readonly Range[];
  /** What runs behind `coproc`. */
  readonly coprocesses: readonly Range[];
  readonly unbracedNames: readonly UnbracedName[];
  readonly expansions: readonly Expansion[];
  readonly implicitAssignments: readonly ImplicitAssignment[];
  readonly arrays: readonly ArrayLiteral[];
  /** What `case` looks at. */
  readonly caseWords: readonly Range[];
  /** `$(…)`, `<(…)` and `>(…)`, and what stands in backquotes. */
  readonly substitutions: readonly Range[];
  readonly parserBugs: readonly ParserBug[];
  /** Where each comment begins. */
  readonly comments: readonly number[];
}
