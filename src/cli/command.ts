// What a subcommand is made of: its words, its options, and what it does.

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

/** The outside of the process, handed in so that commands can be run in tests. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly homeDir: string;
  readonly workingDir: string;
  readonly hostName: string;
  /** For results only. */
  readonly stdout: (text: string) => void;
  /** For everything else. */
  readonly stderr: (text: string) => void;
  readonly errorStream: NodeJS.WritableStream;
  /** Whether results go to a terminal. */
  readonly isTerminal: boolean;
  /** How large that is now; undefined where it is none. */
  readonly terminalSize?: () => TerminalSize;
  /** Writes there what the program itself has the terminal do, such as moving the cursor; all other text is only shown. */
  readonly control?: (sequence: string) => void;
  /** Has this called whenever the terminal has become larger or smaller, until what is returned is called. */
  readonly onResize?: (listener: () => void) => () => void;
  /** Puts a question to the person who started this, and resolves with the line that is typed; left out where nobody is there. */
  readonly ask?: (question: string) => Promise<string>;
  /** The words by which this process was started: Node, its options, the program, and what was typed. */
  readonly startedAs: readonly string[];
  /** Aborted by the first SIGTERM or SIGINT, with an Interrupted as its reason. */
  readonly stop: AbortSignal;
  /** Has the signal call this instead of ending the process, until what is returned is called. */
  readonly onSignal: (name: 'SIGHUP' | 'SIGUSR1', listener: () => void) => () => void;
}

/** Options as typed: every one may be missing; lists are lists, the last of repeated single values wins. */
export type Typed = Readonly<Record<string, unknown>>;

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
  readonly isBare?: boolean;
  /** What stands for its value, such as `QUEUE`; `FILE` and `FOLDER` are completed as such. A switch has none. */
  readonly value?: string;
  /** The heading under which it stands. */
  readonly group?: string;
}

/** A command line that a person may copy. */
export interface Example {
  /** The words behind the program's name. */
  readonly words: string;
  readonly does: string;
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
  /** Returns the exit code. Loads what it works with only now, so that no command waits for the rooms of another. */
  run(typed: Typed, around: Surroundings): Promise<number>;
}
