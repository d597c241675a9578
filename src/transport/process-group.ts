// A program and everything it started, as far as it stayed in its process group, told to end.

/** Between SIGTERM and SIGKILL for a program that ran past its deadline, and again until it is given up. */
export const KILL_GRACE_MS = 2_000;

/** @param leader the program that was started in a group of its own */
export function killGroup(leader: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal);
  } catch {
    // It has ended meanwhile, or it runs as another user (sudo): then nobody can end it but by no longer waiting for it.
  }
}
