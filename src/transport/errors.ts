// Errors of a transport: one class for each decision of a caller.

/** Thrown if the host has no such program: nothing ran, and the user must correct the path. */
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

/** Thrown if the program was killed at its deadline: its outcome is unknown. */
export class CommandTimeoutError extends Error {
  override readonly name = 'CommandTimeoutError';
  readonly program: string;
  readonly timeoutMs: number;
  readonly stdout: string;
  readonly stderr: string;

  constructor(program: string, timeoutMs: number, stdout: string, stderr: string) {
    super(`${program} timed out after ${timeoutMs / 1000} s`);
    this.program = program;
    this.timeoutMs = timeoutMs;
    this.stdout = stdout;
    this.stderr = stderr;
  }
}

/** Thrown if the connection broke while a program ran: its outcome is unknown. */
export class ConnectionLostError extends Error {
  override readonly name = 'ConnectionLostError';
}

/** Thrown if the host is unreachable: nothing ran. */
export class HostUnreachableError extends Error {
  override readonly name: string = 'HostUnreachableError';
}

/** Thrown if the host refuses the login or is not trusted: nothing ran. Early retries could get the user banned. */
export class LoginRefusedError extends HostUnreachableError {
  override readonly name = 'LoginRefusedError';
}

/** Thrown if sudo does not let us run a program as another user: nothing ran. Says nothing about other users. */
export class SudoRefusedError extends HostUnreachableError {
  override readonly name = 'SudoRefusedError';
  readonly user: string;

  constructor({ program, user, host, why }: Readonly<Record<'program' | 'user' | 'host' | 'why', string>>) {
    const nextStep = /no new privileges/i.test(why)
      ? "the daemon's systemd unit disables sudo (NoNewPrivileges=); replace the unit with the output of clearml-agent-slurm unit"
      : 'install the output of clearml-agent-slurm sudoers there';
    super(`sudo refused to run ${program} as ${user} on ${host} (${why}): ${nextStep}`);
    this.user = user;
  }
}

/** Thrown instead of running a program as a mapped user whose last ones timed out or were slow: nothing ran. Says nothing about other users. */
export class UserHeldError extends HostUnreachableError {
  override readonly name = 'UserHeldError';

  constructor(program: string, user: string) {
    super(`${program} was not run as ${user}, because earlier calls as this user timed out or were slow`);
  }
}

/** Whether nothing ran for a reason that concerns one Unix user. */
export function isOfOneUser(error: unknown): boolean {
  return error instanceof SudoRefusedError || error instanceof UserHeldError;
}
