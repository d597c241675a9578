// The first command of a job script, which prints that this start of the job began, and the reader of what it printed.
import { findHeader } from '../directives/check-directives.ts';

/**
 * On standard output, which is the file that Slurm's record of the job names. The time identifies the start: a controller that has
 * forgotten a start does not count it as a restart. Releases before 23.02 do not set SLURM_JOB_START_TIME. Never fails, because of `-e`.
 */
const PRINT_START = `printf 'clearml: job %s begins (%s)\\n' "$SLURM_JOB_ID" "\${SLURM_JOB_START_TIME:-$(date +%s)}" || :; `;

/** Adds the first command to a rendered script, in the line of its present one: bash names lines by number. */
export function addStartLine(script: string): string {
  const { end } = findHeader(script);
  return `${script.slice(0, end)}${PRINT_START}${script.slice(end)}`;
}

/**
 * Whether the script of a job began when Slurm started it at `startAt` (milliseconds since 1970). An earlier start may have left its
 * line in the log. The time of the node counts without a tolerance: a start that slurmctld has forgotten is only seconds earlier.
 */
export function hasBegun(log: string, { id, startAt }: { readonly id: string; readonly startAt: number }): boolean {
  return [...log.matchAll(/^clearml: job (\d+) begins \((\d*)\)\r?$/gm)].some(
    // Without date, the time is missing: the script began, in this start for all we know.
    ([, job, seconds = '']) => job === id && (seconds === '' || Number(seconds) * 1000 + 999 >= startAt),
  );
}

/**
 * Whether a SPANK plugin such as Pyxis failed at the start of the job, so that slurmstepd did not begin its script (src/common/spank.c and
 * src/slurmd/slurmstepd/mgr.c): another job of the same script ends like this one.
 */
export function hasSpankFailed(log: string): boolean {
  return /^(?:slurmstepd\S*:|\[[-\d:T.]+\]) error: (?:spank: required plugin |Failed to invoke spank plugin stack)/m.test(
    log,
  );
}
