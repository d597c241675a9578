// Formats values as Slurm's commands do: times in the requested form, and format strings.
import type { StandInJob } from '../job.ts';

/** Seconds since 1970 when the caller's SLURM_TIME_FORMAT asks for them, else Slurm's own `2026-11-24T07:11:36` (here in UTC). */
export function formatTime(at: number | null, environment: Readonly<Record<string, string>>, none: string): string {
  if (at === null) return none;
  if (environment['SLURM_TIME_FORMAT'] === '%s') return String(Math.floor(at / 1000));
  return new Date(at).toISOString().slice(0, 19);
}

/** When a running job's time limit will end it, or when it did end. */
export function endTime(job: StandInJob): number | null {
  if (job.endedAt !== null) return job.endedAt;
  return job.startedAt === null || job.timeLimitMs === null ? null : job.startedAt + job.timeLimitMs;
}

/** A `--format` of squeue or sinfo: `%i`, also with a width (`%.18i`, `%-5t`), unknown letters unchanged. */
export function fillFormat(format: string, value: (letter: string) => string | undefined): string {
  return format.replace(/%(\.?)-?(\d*)([A-Za-z])/g, (whole, right: string, width: string, letter: string) => {
    const text = value(letter);
    if (text === undefined) return whole;
    if (width === '') return text;
    const cut = text.slice(0, Number(width));
    return right === '.' ? cut.padStart(Number(width)) : cut.padEnd(Number(width));
  });
}
