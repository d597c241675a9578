// The errors of starting a sandbox, one class for each decision of a caller.

/** Thrown when another program listens on the port. */
export class PortInUseError extends Error {
  override readonly name = 'PortInUseError';

  constructor(port: number, host: string) {
    super(`port ${port} of ${host} is in use by another program: choose another one, or 0 for any free port`);
  }
}

/** Thrown when the address is not one of this machine, the name is unknown, or the port is reserved for root. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/** Thrown when the state file is unusable. A file with another format is never overwritten. */
export class InvalidSnapshotError extends Error {
  override readonly name = 'InvalidSnapshotError';
}
