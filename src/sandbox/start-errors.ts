// Why a sandbox can not start: one class for each thing that whoever starts it would do about it.

/** Thrown when another program listens there already. */
export class PortInUseError extends Error {
  override readonly name = 'PortInUseError';

  constructor(port: number, host: string) {
    super(`port ${port} of ${host} is taken by another program: choose another one, or 0 for any that is free`);
  }
}

/** Thrown when nothing can listen there: an address that is not this machine's, a name that nobody knows, a port for root alone. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/** Thrown when the state file can't be used. One that is no snapshot of a sandbox is somebody's file, so it is not overwritten. */
export class InvalidSnapshotError extends Error {
  override readonly name = 'InvalidSnapshotError';
}
