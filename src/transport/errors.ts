// What can go wrong on the way to a command; one class for each thing a caller would do about it.

/** Thrown when there is no such program on the host: surely nothing was run, and a person must fix the path. */
export class CommandNotFound extends Error {
  override readonly name = 'CommandNotFound';
  readonly program: string;
  readonly searchPath: string;
  readonly host: string;

  constructor(program: string, searchPath: string, host: string) {
    super(`${program} not found on ${host} (PATH ${searchPath})`);
    this.program = program;
    this.searchPath = searchPath;
    this.host = host;
  }
}

/** Thrown when the program did not end in time and was killed: what it did is unknown. */
export class CommandTimedOut extends Error {
  override readonly name = 'CommandTimedOut';
  readonly program: string;
  readonly timeoutMs: number;
  readonly stdout: string;
  readonly stderr: string;

  constructor(program: string, timeoutMs: number, stdout: string, stderr: string) {
    super(`${program} gave no answer within ${timeoutMs / 1000} s`);
    this.program = program;
    this.timeoutMs = timeoutMs;
    this.stdout = stdout;
    this.stderr = stderr;
  }
}

/** Thrown when the way to the host broke while a program ran: what it did is unknown. */
export class HostLost extends Error {
  override readonly name = 'HostLost';
}

/** Thrown when the host can't be reached: surely nothing was run. */
export class HostUnreachable extends Error {
  override readonly name: string = 'HostUnreachable';
}

/** Thrown when the host does not let us in, or is not trusted: nothing was run, and coming back soon could get us banned. */
export class LoginRefused extends HostUnreachable {
  override readonly name = 'LoginRefused';
}
