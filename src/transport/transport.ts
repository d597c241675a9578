// The interface through which all commands run: on this machine or over SSH.

/** One run of a program, without a shell. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** Standard input, closed after it; default empty. */
  readonly stdin?: string;
  /** Added to the allow-listed environment of every command. */
  readonly env?: Readonly<Record<string, string>>;
  /** After this many milliseconds the program is killed and `CommandTimeoutError` thrown. */
  readonly timeoutMs: number;
  /** Its abort ends the command with its reason. On another host, the program may run until its deadline. */
  readonly signal?: AbortSignal;
  /** The Unix user to run it as, through sudo; default: the user of the daemon, or of the login. */
  readonly runAs?: string;
}

export interface CommandResult {
  /** Undefined if a signal killed the program. */
  readonly exitCode: number | undefined;
  readonly killedBy: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Transport {
  /** For messages: `this machine`, or `user@login1`. */
  readonly name: string;
  /** Messages about the connection that a user should read once. */
  readonly notices?: readonly string[];
  /**
   * Runs the program to its end. A non-zero exit code is a result, not an error. A result holds the complete output.
   * @throws CommandNotFoundError there is no such program: nothing ran
   * @throws CommandTimeoutError the program was killed at its deadline: its outcome is unknown
   * @throws ConnectionLostError the connection broke while the program ran: its outcome is unknown
   * @throws HostUnreachableError there was no connection: nothing ran
   * @throws SudoRefusedError sudo did not allow `runAs`: nothing ran
   */
  run(command: Command): Promise<CommandResult>;
  /** Ends all commands: their callers get `ConnectionLostError`, and programs on this machine are killed. Resolves when that is done. */
  close(): Promise<void>;
}

/** Of every command: English messages, which parsers expect, and UTF-8 names. LC_ALL takes precedence over all other variables (locale(7)). */
export const UTF8_LOCALE: Readonly<Record<string, string>> = { LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' };

/** What bash and Perl, in which a site may have wrapped Slurm's commands, print if the host lacks that locale, as RHEL 7 does. */
const NO_LOCALE =
  /^.*: warning: setlocale: LC_ALL: cannot change locale \(C\.UTF-8\).*\n|^perl: warning: Setting locale failed\.\n(?:[^\n]*\n){1,9}?perl: warning: Falling back to .*\n/gm;

/** A list of jobs is invalid if there is anything on stderr. */
export function withoutLocaleWarnings(stderr: string): string {
  return stderr.includes('C.UTF-8') ? stderr.replace(NO_LOCALE, '') : stderr;
}
