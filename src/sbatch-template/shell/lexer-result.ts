// The result of lexing a script: its placeholders with their quoting contexts, and the commands around them.
import type { BlockPlaceholder, ValuePlaceholder } from '../placeholders/parse-placeholder.ts';
import type { Range } from '../template-source.ts';

/** The quoting context of a placeholder, which decides how its value is written. */
export type QuotingContext =
  /** Without quotes. */
  | {
      readonly kind: 'unquoted';
      /** Quote even a plain word, which could be a reserved word, an assignment or a file descriptor. */
      readonly needsQuotes: boolean;
      /** The placeholder is a whole argument, which several words can replace. */
      readonly canSplit: boolean;
      /** In `{a,b}` or `{1..9}`, where only a number needs no quotes. */
      readonly isInBraces?: true;
    }
  | { readonly kind: 'double quotes' }
  | { readonly kind: 'single quotes' }
  /** `$'…'` */
  | { readonly kind: 'ansi quotes' }
  /** The word of `"${x:-word}"`, in the outer double quotes, or requoted: `"${x:-"word"}"`. */
  | { readonly kind: 'quoted default'; readonly isRequoted: boolean }
  | { readonly kind: 'here-document' }
  /** With a quoted delimiter: no character is special. */
  | { readonly kind: 'quoted here-document' }
  /** Re-evaluated as code by this program or construct; completes "re-evaluated by …". */
  | {
      readonly kind: 're-evaluated';
      readonly by: string;
      /** A character that would end the text. */
      readonly except?: string;
    }
  /** Evaluated as arithmetic, in which a word is a variable and the subscript of an array can run commands; completes "evaluated as …". */
  | { readonly kind: 'number'; readonly where: string };

/** An evaluation that the value of a placeholder reaches, by way of a variable. */
export interface ReachedEvaluation {
  readonly placeholder: ValuePlaceholder;
  readonly requirement:
    'number' | 'plain word' | 'plain for Pyxis' | 'part of a mount' | 'one variable' | 'one variable of Singularity';
  /** What evaluates it; completes "evaluated by …". */
  readonly by: string;
  /** As in a script: `$CMD`, or `$1` for the arguments of a call. */
  readonly variable: string;
  /** The line in which it is evaluated. */
  readonly line: number;
  /** The placeholder itself is a word of the evaluated command. */
  readonly isDirect?: boolean;
  /** False if a program, or a check in the template, is between the value and the evaluation. */
  readonly isCertain: boolean;
}

/** A placeholder outside comments. */
export interface Occurrence {
  readonly placeholder: ValuePlaceholder;
  readonly context: QuotingContext;
  /** The certain evaluations of its value, by way of a variable. */
  readonly evaluations?: readonly ReachedEvaluation[];
}

export interface BlockOccurrence {
  readonly placeholder: BlockPlaceholder;
  /** In a command substitution or process substitution. */
  readonly isNested: boolean;
  /** The quotes or the expression around it, if it cannot be a command there. */
  readonly within: QuotingContext['kind'] | undefined;
}

export interface Word extends Range {
  /** Without its quotes, and with a NUL for each expansion and each placeholder. */
  readonly text: string;
}

/** A simple command (bash(1), "Simple Commands"), or `[[ … ]]`. */
export interface Command extends Range {
  readonly assignments: readonly Word[];
  readonly words: readonly Word[];
}

/** At least two commands joined by `|`. */
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
  /** The offset of its `<<`. */
  readonly operatorAt: number;
  readonly body: Range;
  readonly delimiter: string;
  readonly isQuoted: boolean;
  /** `<<-` */
  readonly stripsTabs: boolean;
  /** In a command substitution, where older releases of bash end it at a line that only begins with its delimiter. */
  readonly isNested: boolean;
}

/** A range that bash evaluates as arithmetic. */
export interface Arithmetic extends Range {
  readonly where: string;
}

/** `$NAME` directly before a placeholder, whose value could extend the name. */
export interface UnbracedName extends Range {
  readonly placeholder: ValuePlaceholder;
}

/** A parameter that bash expands. */
export interface Expansion extends Range {
  /** Of the variable; a digit, `@` or `*` for the arguments of a function or a script. */
  readonly name: string;
  /**
   * The result: the value; the value of the variable that it names (indirect); its expansion as a prompt (`@P`); the keys of an array; or
   * text that a value cannot choose (harmless).
   */
  readonly form: 'value' | 'keys' | 'indirect' | 'prompt' | 'harmless';
}

/** A variable that a loop or `${NAME:=…}` sets to the text in a range. */
export interface ImplicitAssignment {
  readonly name: string;
  readonly from: Range;
  /** The words of a loop, which are assigned one after the other. */
  readonly words?: readonly Word[];
}

/** The elements in `name=(…)`, from parenthesis to parenthesis. */
export interface ArrayLiteral extends Range {
  readonly elements: readonly Word[];
}

/** Syntax that some bash misparses within a command substitution. */
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
  /** The commands after `coproc`. */
  readonly coprocesses: readonly Range[];
  readonly unbracedNames: readonly UnbracedName[];
  readonly expansions: readonly Expansion[];
  readonly implicitAssignments: readonly ImplicitAssignment[];
  readonly arrays: readonly ArrayLiteral[];
  /** The words that `case` compares. */
  readonly caseWords: readonly Range[];
  /** `$(…)`, `<(…)`, `>(…)` and backquotes. */
  readonly substitutions: readonly Range[];
  readonly parserBugs: readonly ParserBug[];
  /** The offset of each comment. */
  readonly comments: readonly number[];
}
