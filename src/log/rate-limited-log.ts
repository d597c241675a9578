// Rate-limited logging: a warning that repeats is logged once in ten minutes, so an outage of a night is a few lines.
import { elapsedMs } from '../base/past-time.ts';
import type { Clock } from '../base/clock.ts';
import { createBoundedMap } from '../base/bounded-map.ts';
import { loggerOf, type LogData, type Logger } from './logger.ts';

const REPEAT_AFTER_MS = 10 * 60_000;
const MAX_REMEMBERED = 10_000;

/** Logs repeated warnings and errors (same message, cause, task, job, queue and user) at debug level. Numbers in them do not count. */
export function rateLimitedLog(log: Logger, clock: Clock): Logger {
  const isNewText = createOncePer(REPEAT_AFTER_MS, MAX_REMEMBERED, clock);

  function isNew(message: string, data: LogData | undefined): boolean {
    const about = [
      withoutNumbers(message),
      data?.['task'],
      data?.['job'],
      data?.['queue'],
      data?.['user'],
      causeIn(data),
    ];
    return isNewText(JSON.stringify(about));
  }

  return loggerOf((level, message, data) => {
    const isLimited = level === 'warn' || level === 'error';
    log[isLimited && !isNew(message, data) ? 'debug' : level](message, data);
  });
}

/** Whether a text appears for the first time in so many milliseconds. Beyond `most` texts, the oldest is forgotten. */
export function createOncePer(ms: number, most: number, clock: Pick<Clock, 'now'>): (text: string) => boolean {
  const seenAt = createBoundedMap<number>(most);
  return (text) => {
    const now = clock.now();
    if (elapsedMs(seenAt.get(text), now) < ms) return false;
    seenAt.set(text, now);
    return true;
  };
}

function causeIn(data: LogData | undefined): string {
  const { err, slurm } = data ?? {};
  const cause = err instanceof Error ? `${err.name}: ${err.message}` : typeof slurm === 'string' ? slurm : '';
  return withoutNumbers(cause);
}

/** Ports, times and process ids differ each time although the cause is the same. */
function withoutNumbers(text: string): string {
  return text.replaceAll(/\d+/g, '#');
}
