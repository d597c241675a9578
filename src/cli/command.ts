// What a subcommand is made of: its words, its options, and what it does.
import type { ProcessContext } from '../assembly/process-context.ts';

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** The process and its terminal. */
export interface CommandContext extends ProcessContext {
  /** Whether standard output is a terminal. */
  readonly isTerminal: boolean;
  /** Its current size; undefined if standard output is no terminal. */
  readonly terminalSize?: () => TerminalSize;
  /** Writes control sequences of the program itself to the terminal; control characters in all other text are only shown. */
  readonly control?: (sequence: string) => void;
  /** Calls the listener when the terminal is resized, until the returned function is called. */
  readonly onResize?: (listener: () => void) => () => void;
  /** Asks the user and resolves with the line that was entered; undefined without a terminal. */
  readonly ask?: (question: string) => Promise<string>;
}

/** Options as typed: every one may be missing; lists are lists, the last of repeated single values wins. */
export type ParsedArgs = Readonly<Record<string, unknown>>;

/** An option as it is typed, and what help tells of it. */
export interface Option {
  /** A text needs its value, and of several the last one counts; a list takes all words up to the next option. */
  readonly type: 'boolean' | 'string' | 'array';
  /** One letter. */
  readonly alias?: string;
  /** All values that it may have. */
  readonly choices?: readonly string[];
  readonly describe: string;
  /** Its value may be left out: it is then an empty text. */
  readonly isValueOptional?: boolean;
  /** What stands for its value, such as `QUEUE`; `FILE` and `FOLDER` are completed as such. A switch has none. */
  readonly value?: string;
  /** The heading under which it stands. */
  readonly group?: string;
}

/** A command line that a person may copy. */
export interface Example {
  /** The words behind the program's name. */
  readonly commandLine: string;
  readonly effect: string;
}

/** What commands are for, in the order in which help tells of them. */
export const COMMAND_GROUPS = ['Run tasks', 'Begin', 'Write templates', 'Look and operate'] as const;

export interface Command {
  /** Undefined for what the program does without a subcommand. */
  readonly name: string | undefined;
  /** The word that it may have, e.g. `[key]`, or any number of them: `[templates..]`. */
  readonly positionals?: string;
  /** The same in help, in brackets where it may be left out, e.g. `[KEY]`, and what it is. */
  readonly argument?: { readonly usage: string; readonly means: string };
  /** All that may stand there, where that is known. */
  readonly kinds?: readonly string[];
  readonly group: (typeof COMMAND_GROUPS)[number];
  readonly describe: string;
  /** The simplest first. */
  readonly examples: readonly Example[];
  readonly options: Readonly<Record<string, Option>>;
  /** Returns the exit code. It imports what it works with dynamically, so that a command loads only its own modules. */
  run(typed: ParsedArgs, context: CommandContext): Promise<number>;
}
