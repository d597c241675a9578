// What a subcommand is made of: its words, its options, and what it does.
import type { Options } from 'yargs';

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
  /** Puts a question to the person who started this, and resolves with the line that is typed; left out where nobody is there. */
  readonly ask?: (question: string) => Promise<string>;
  /** The words by which this process was started: Node, its options, the program, and what was typed. */
  readonly startedAs: readonly string[];
  /** Aborted by the first SIGTERM or SIGINT. */
  readonly stop: AbortSignal;
  /** Has the signal call this instead of ending the process, until what is returned is called. */
  readonly onSignal: (name: 'SIGHUP' | 'SIGUSR1', listener: () => void) => () => void;
}

/** Options as typed: every one may be missing; lists are lists, the last of repeated single values wins. */
export type Typed = Readonly<Record<string, unknown>>;

export interface Command {
  /** Undefined for what the program does without a subcommand. */
  readonly name: string | undefined;
  /** Positional words in yargs' notation, e.g. `[key]`. */
  readonly positionals?: string;
  readonly describe: string;
  readonly options: Readonly<Record<string, Options>>;
  /** Returns the exit code. Loads what it works with only now, so that no command waits for the rooms of another. */
  run(typed: Typed, around: Surroundings): Promise<number>;
}
