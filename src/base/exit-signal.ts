// Recognizes an exit code that stands for a signal.

/** Signals that end programs which do not expect them. An exit code of 255 is no SIGHUP: programs return -1 for any error. */
const SIGNALS: Readonly<Record<number, string>> = {
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  15: 'SIGTERM',
};

/** Returns the signal that ended a program: a shell then returns 128 plus its number, and clearml-agent minus its number, modulo 256. */
export function findExitSignal(exitCode: number): string | undefined {
  return SIGNALS[exitCode - 128] ?? SIGNALS[256 - exitCode];
}
