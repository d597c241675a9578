// The process in which a command runs, as a parameter so that tests can run commands.

export interface ProcessContext {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly homeDir: string;
  readonly workingDir: string;
  readonly hostName: string;
  /** Results only. */
  readonly stdout: (text: string) => void;
  /** Everything else. */
  readonly stderr: (text: string) => void;
  readonly errorStream: NodeJS.WritableStream;
  /** The command line of this process: Node, its options, the program, and its arguments. */
  readonly startedAs: readonly string[];
  /** Aborted by the first SIGTERM or SIGINT, with an `Interrupted` as its reason. */
  readonly stop: AbortSignal;
  /** Calls the listener on this signal instead of ending the process, until the returned function is called. */
  readonly onSignal: (name: 'SIGHUP' | 'SIGUSR1', listener: () => void) => () => void;
}
