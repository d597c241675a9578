// The exit codes of the program; which error comes to which of them stands in explain.ts.

/** After sysexits(3), where it has a number for it. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  unavailable: 69,
  cannotCreate: 73,
  tryAgain: 75,
  refused: 77,
  configuration: 78,
} as const;
