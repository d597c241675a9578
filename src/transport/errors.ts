// What can go wrong on the way to a command; one class for each thing a caller would do about it.

/** Thrown when there is no such program on the host: surely nothing was run, and a person must fix the path. */
export class CommandNotFoundError extends Error {
  override readonly name = 'CommandNotFoundError';
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
export class CommandTimeoutError extends Error {
  override readonly name = 'CommandTimeoutError';
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
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError';
}

/** Thrown when the host can't be reached: surely nothing was run. */
export class HostUnreachableError extends Error {
  override readonly name: string = 'HostUnreachableError';
}

/** Thrown when the host does not let us in, or is not trusted: nothing was run, and coming back soon could get us banned. */
export class LoginRefusedError extends HostUnreachableError {
  override readonly name = 'LoginRefusedError';
}
