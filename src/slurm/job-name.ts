// The name of a Slurm job of ours: it carries the task and the attempt, so that a lost job is found again by it.

/** Which submission of which task a job is. */
export interface JobName {
  /** The ClearML task id: 32 lower-case hex characters. */
  readonly taskId: string;
  readonly attempt: string;
}

/** By which a job tells whose it is: so many lower-case letters and digits, the same in all jobs of one submitter. */
export const MARK_LENGTH = 5;

/** Whether it is one, of whatever daemon. */
export function isMark(text: string): boolean {
  return /^[0-9a-z]{5}$/.test(text);
}

const TASK_ID = /^[0-9a-f]{32}$/;
const OURS = /^clearml_task_([0-9a-f]{32})-([0-9a-z]{8,18})$/;

/** Eight base-36 digits hold milliseconds until the year 2059. */
const TIME_DIGITS = 8;
const RANDOM_DIGITS = 4;

/**
 * `clearml_task_<task id>-<attempt>`: at most 64 characters, none of which any Slurm command treats specially. The name is also that
 * of files in the shared folder: what is no task id must not become a path here, whatever was journaled by an older version.
 * @throws RangeError
 */
export function formatJobName(taskId: string, attempt: string): string {
  if (!TASK_ID.test(taskId)) throw new RangeError(`${JSON.stringify(taskId.slice(0, 60))} is no task id`);
  return `clearml_task_${taskId}-${attempt}`;
}

/** What a job's name says, or undefined when the job is none of ours. */
export function readJobName(name: string): JobName | undefined {
  const [, taskId, attempt] = OURS.exec(name) ?? [];
  return taskId === undefined || attempt === undefined ? undefined : { taskId, attempt };
}

/** Which attempt a job of this name is; of one that is none of ours the empty string, which comes before every attempt. */
export function attemptOf(name: string): string {
  return readJobName(name)?.attempt ?? '';
}

/**
 * A new attempt: in the order of strings it comes after every earlier one, and no two daemons make the same.
 * @param now milliseconds since 1970
 * @param mark the submitter's, of `MARK_LENGTH`
 * @param token random lower-case letters and digits, at least four
 */
export function newAttempt(now: number, mark: string, token: string): string {
  return Math.floor(now).toString(36).padStart(TIME_DIGITS, '0') + mark + token.slice(0, RANDOM_DIGITS);
}

/** The mark of who made this attempt, or undefined for one that carries none. */
export function readMark(attempt: string): string | undefined {
  if (attempt.length !== TIME_DIGITS + MARK_LENGTH + RANDOM_DIGITS) return undefined;
  return attempt.slice(TIME_DIGITS, TIME_DIGITS + MARK_LENGTH);
}

/** A number from 0 to 1 that differs from attempt to attempt and stays the same for one: its random digits. */
export function jitterOf(attempt: string): number {
  return (Number.parseInt(attempt.slice(-RANDOM_DIGITS), 36) || 0) / (36 ** RANDOM_DIGITS - 1);
}
