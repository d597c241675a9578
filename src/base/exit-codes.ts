// The exit codes of the program and their meanings; explain-error.ts maps errors to them.

/** From sysexits(3) where it has a number. */
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

/** Of `status --check`: those of Nagios plugins. */
export const CHECK_EXIT = { ok: 0, warning: 1, critical: 2, unknown: 3 } as const;

/** For the manual and docs/operating.md. */
export const EXIT_MEANINGS: readonly (readonly [code: string, means: string])[] = [
  [String(EXIT.ok), 'success; `execute`: the task has completed; `doctor`: no problems found; `status --check`: OK'],
  [
    String(EXIT.failed),
    'an error, reported on standard error; `doctor`: a check failed; `lint`: a template has an error; `status --check`: WARNING',
  ],
  [String(EXIT.usage), 'usage error; nothing was done; `status --check`: CRITICAL'],
  [String(CHECK_EXIT.unknown), '`status --check`: UNKNOWN'],
  [
    String(EXIT.unavailable),
    "ClearML or Slurm did not respond; Slurm's commands or the login node cannot be used; or Node is too old",
  ],
  [String(EXIT.cannotCreate), 'the state directory, or the state file of `sandbox`, cannot be used'],
  [
    String(EXIT.tryAgain),
    'retry later: the state directory is in use, or was deleted; `stop`: the daemon has not ended yet; `--once`, `execute`: stopped early',
  ],
  [String(EXIT.refused), 'the server rejected the credentials'],
  [String(EXIT.configuration), 'the configuration or a template is invalid'],
  [
    '130, 143',
    'interrupted by SIGINT or SIGTERM; a daemon: interrupted by a second signal (the first one stops it with exit code 0)',
  ],
  [
    'any',
    "`execute`: the exit code of the task's program if it ran, else of the task's job. It may be a number that is listed above",
  ],
];
