// The exit codes of the program, and what each means; which error comes to which of them stands in explain.ts.

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

/** For people: in the manual, and in docs/operating.md. */
export const EXIT_MEANINGS: readonly (readonly [code: string, means: string])[] = [
  [String(EXIT.ok), 'done; of `execute`: the task has completed; of `doctor`: nothing is in the way'],
  [
    String(EXIT.failed),
    'something failed, and was said; of `doctor`: something is in the way; of `lint`: a template has a fault',
  ],
  [String(EXIT.usage), "a command line that can't be meant; nothing was done"],
  [String(EXIT.unavailable), 'ClearML or Slurm gave no answer, or Node is too old'],
  [String(EXIT.cannotCreate), "the state folder, or the state file of `sandbox`, can't be used"],
  [
    String(EXIT.tryAgain),
    'try again later: another process has the state folder, `--once` or `execute` has left something unfinished, or a daemon has not ended yet',
  ],
  [String(EXIT.refused), 'the server refused the key'],
  [String(EXIT.configuration), 'the configuration or a template is wrong'],
  [
    '130, 143',
    'ended by SIGINT or SIGTERM before it was done; a daemon only by the second one, of the first it makes a good end',
  ],
  ['any other', "of `execute`: that of the task's job, so that of your script"],
];
