// The declaration of a command, and the context that it runs in.
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
  /** Aborted when no process reads standard output any more; undefined: a process always does. */
  readonly stdoutClosed?: AbortSignal;
  /** Asks the user and resolves with the line that was entered; undefined without a terminal. */
  readonly ask?: (question: string) => Promise<string>;
}

/** Options and positional arguments as parsed; each may be missing. */
export type ParsedArgs = Readonly<Record<string, unknown>>;

export interface Option {
  /** A string takes one value, and the last one given applies; an array takes all arguments up to the next option. */
  readonly type: 'boolean' | 'string' | 'array';
  /** One letter. */
  readonly alias?: string;
  /** The allowed values. */
  readonly choices?: readonly string[];
  readonly describe: string;
  /** If the value is omitted, it is the empty string. */
  readonly isValueOptional?: boolean;
  /** The placeholder of its value in help, such as `QUEUE`; shells complete `FILE` and `DIR`. Switches have none. */
  readonly value?: string;
  /** The heading in help. */
  readonly group?: string;
}

/** The positional argument. */
export interface Argument {
  /** As parsed. */
  readonly name: string;
  /** For help, in brackets if it is optional, such as `[KEY]`; `[TEMPLATE...]` is any number of them. */
  readonly usage: string;
  readonly means: string;
  /** The allowed values. */
  readonly choices?: readonly string[];
}

export interface Example {
  /** Without the name of the program. */
  readonly commandLine: string;
  readonly effect: string;
}

/** The groups of commands, in the order of help. */
export const COMMAND_GROUPS = ['Run tasks', 'Set up', 'Write templates', 'Operate'] as const;

export interface Command {
  /** undefined for the daemon, which has no subcommand. */
  readonly name: string | undefined;
  readonly argument?: Argument;
  readonly group: (typeof COMMAND_GROUPS)[number];
  readonly describe: string;
  /** Simplest first. */
  readonly examples: readonly Example[];
  readonly options: Readonly<Record<string, Option>>;
  /** Returns the exit code. It imports what it works with dynamically, so that a command loads only its own modules. */
  run(typed: ParsedArgs, context: CommandContext): Promise<number>;
}
