// The corridor to where Slurm's commands run: whoever builds a command line doesn't know which machine that is.

/** One program run, without a shell. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** Written to the program's standard input, which is then closed. Empty when left out. */
  readonly stdin?: string;
  /** Added to the allow-listed environment that every command gets. */
  readonly env?: Readonly<Record<string, string>>;
  /** After this many milliseconds the program is killed and `CommandTimeoutError` thrown. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface CommandResult {
  /** undefined when a signal ended the program. */
  readonly exitCode: number | undefined;
  readonly killedBy: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** A place where commands run: this machine, or one behind SSH. */
export interface Transport {
  /** For people: `this machine`, or `user@login1`. */
  readonly name: string;
  /** Sentences about the way there that a person should read once. */
  readonly notices?: readonly string[];
  /**
   * Runs the program to its end. A non-zero exit code is a result, not an error. A result is whole: all that the
   * program printed is in it.
   * @throws CommandNotFoundError when there is no such program: surely nothing was run
   * @throws CommandTimeoutError when it did not end in time: what it did is unknown
   * @throws ConnectionLostError when the way there broke while it ran: what it did is unknown
   * @throws HostUnreachableError when there was no way there: surely nothing was run
   */
  run(command: Command): Promise<CommandResult>;
  /** Ends what still runs, whose callers are told `ConnectionLostError`, and resolves when it has ended. */
  close(): Promise<void>;
}
