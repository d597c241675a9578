// What the lexer of bash finds in a script: each blank with the place it stands in, and the commands around them.
import type { BlockBlank, ValueBlank } from '../blank-syntax.ts';
import type { Range } from '../source.ts';
import type { Place } from './place.ts';

/** A blank outside of comments. */
export interface Site {
  readonly blank: ValueBlank;
  readonly place: Place;
}

export interface BlockSite {
  readonly blank: BlockBlank;
  /** In a command substitution or the like. */
  readonly isNested: boolean;
  /** The kind of quotes or expression it stands in, when it can't be a command there. */
  readonly within: Place['kind'] | undefined;
}

export interface Word extends Range {
  /** Without its quotes; each expansion and each blank in it is one NUL. */
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

/** `$NAME` with a blank right behind it, where a value of letters would make another name of it. */
export interface OpenName extends Range {
  readonly blank: ValueBlank;
}

/** What some bash takes for something else within a command substitution. */
export interface Misreading extends Range {
  /** Completes "…, so that a value here could become code". */
  readonly what: string;
  /** As an order. */
  readonly write: string;
}

export interface LexedScript {
  /** In the order of the text. */
  readonly sites: readonly Site[];
  readonly blocks: readonly BlockSite[];
  readonly commands: readonly Command[];
  /** Groups, loops, conditionals and subshells, each with its redirections. */
  readonly compounds: readonly Range[];
  readonly pipelines: readonly Pipeline[];
  readonly functions: readonly ShellFunction[];
  readonly redirections: readonly Redirection[];
  readonly documents: readonly HereDocument[];
  readonly arithmetic: readonly Arithmetic[];
  readonly processSubstitutions: readonly Range[];
  readonly openNames: readonly OpenName[];
  /** `$(…)`, `<(…)` and `>(…)` that are in no other one. */
  readonly substitutions: readonly Range[];
  readonly misreadings: readonly Misreading[];
  /** Where each comment begins. */
  readonly comments: readonly number[];
}
