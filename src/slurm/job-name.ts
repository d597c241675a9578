// Builds and parses the names of our Slurm jobs: task and attempt, by which a job with an unknown outcome is looked up.

/** Identifies the task and the attempt of a job. */
export interface JobName {
  /** The ClearML task id: 32 lower-case hex characters. */
  readonly taskId: string;
  readonly attempt: string;
}

/** The length of the mark: lower-case letters and digits, the same in all jobs of one submitter. */
export const MARK_LENGTH = 5;

/** Whether the text has the form of a mark. */
export function isMark(text: string): boolean {
  return /^[0-9a-z]{5}$/.test(text);
}

const TASK_ID = /^[0-9a-f]{32}$/;
const OURS = /^clearml_task_([0-9a-f]{32})-([0-9a-z]{8,18})$/;

/** Eight base-36 digits hold milliseconds until the year 2059. */
const TIME_DIGITS = 8;
const RANDOM_DIGITS = 4;

/**
 * `clearml_task_<task id>-<attempt>`: at most 64 characters, none of which is special to a Slurm command. It is also the name
 * of files in the shared directory, so anything but a task id is rejected: a journal of an older version must not add a path.
 * @throws RangeError
 */
export function formatJobName(taskId: string, attempt: string): string {
  if (!TASK_ID.test(taskId)) throw new RangeError(`${JSON.stringify(taskId.slice(0, 60))} is no task id`);
  return `clearml_task_${taskId}-${attempt}`;
}

/** Parses a job name; undefined if the job is not ours. */
export function parseJobName(name: string): JobName | undefined {
  const [, taskId, attempt] = OURS.exec(name) ?? [];
  return taskId === undefined || attempt === undefined ? undefined : { taskId, attempt };
}

/** The attempt of the job with this name; for a job that is not ours the empty string, which sorts before every attempt. */
export function attemptOf(name: string): string {
  return parseJobName(name)?.attempt ?? '';
}

/**
 * Creates an attempt. As a string it sorts after all earlier ones, and no two daemons create the same.
 * @param now milliseconds since 1970
 * @param mark the submitter's mark, of `MARK_LENGTH`
 * @param token random lower-case letters and digits, at least four
 */
export function newAttempt(now: number, mark: string, token: string): string {
  return Math.floor(now).toString(36).padStart(TIME_DIGITS, '0') + mark + token.slice(0, RANDOM_DIGITS);
}

/** The mark of the submitter of this attempt; undefined if it has none. */
export function parseMark(attempt: string): string | undefined {
  if (attempt.length !== TIME_DIGITS + MARK_LENGTH + RANDOM_DIGITS) return undefined;
  return attempt.slice(TIME_DIGITS, TIME_DIGITS + MARK_LENGTH);
}

/** A number from 0 to 1, from the random digits of the attempt: constant for one attempt, different for others. */
export function jitterOf(attempt: string): number {
  return (Number.parseInt(attempt.slice(-RANDOM_DIGITS), 36) || 0) / (36 ** RANDOM_DIGITS - 1);
}
