// Finds the options that an error of sbatch is about, so that the user knows what to change.

/** Messages of slurm_errno.c and of sbatch itself, 20.11 to 26.05. */
const ABOUT: readonly (readonly [pattern: RegExp, option: string])[] = [
  [/\baccount\b|association/i, '--account'],
  [/partition/i, '--partition'],
  [/\bqos\b/i, '--qos'],
  [/time limit|size and\/or time limits|MaxWall|TimeLimit/i, '--time'],
  [/time-min/, '--time-min'],
  [/memory|MaxMem/i, '--mem'],
  [/node count|node configuration|MaxNode/i, '--nodes'],
  [/node configuration|feature specification/i, '--constraint'],
  [/node configuration|\bgres\b|generic resource/i, '--gres'],
  [/node configuration|CPU count|processors|MaxCpu/i, '--cpus-per-task'],
  [/task count|more tasks than/i, '--ntasks'],
  [/node name/i, '--nodelist'],
  [/reservation/i, '--reservation'],
  [/license/i, '--licenses'],
  [/dependency/i, '--dependency'],
];

/** Options that sbatch itself names: `unrecognized option '--container-image=x'`, `Invalid --time specification`. */
const NAMED = /(?:option '|Invalid )(--[a-z][a-z-]*)/;

/** The options, the most likely one first; empty if the message does not indicate any. */
export function refusedOptions(message: string): string[] {
  const named = NAMED.exec(message)?.[1];
  return named === undefined ? ABOUT.flatMap(([pattern, option]) => (pattern.test(message) ? [option] : [])) : [named];
}
