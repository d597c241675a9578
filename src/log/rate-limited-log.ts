// Rate-limited logging: a warning that repeats is logged once in ten minutes, so an outage of a night is a few lines.
import { elapsedMs } from '../base/past-time.ts';
import type { Clock } from '../base/clock.ts';
import { createBoundedMap } from '../base/bounded-map.ts';
import type { LogData, Logger } from './logger.ts';

const REPEAT_AFTER_MS = 10 * 60_000;
/** Beyond this many, the oldest is forgotten and may be logged again. */
const MAX_REMEMBERED = 10_000;

/** Logs repeated warnings and errors (same message, cause, task, job, queue and user) at debug level. Numbers in them do not count. */
export function rateLimitedLog(log: Logger, clock: Clock): Logger {
  const loggedAt = createBoundedMap<number>(MAX_REMEMBERED);

  function isNew(message: string, data: LogData | undefined): boolean {
    const key = JSON.stringify([
      withoutNumbers(message),
      data?.['task'],
      data?.['job'],
      data?.['queue'],
      data?.['user'],
      causeIn(data),
    ]);
    const lastAt = loggedAt.get(key);
    const now = clock.now();
    if (elapsedMs(lastAt, now) < REPEAT_AFTER_MS) return false;
    loggedAt.set(key, now);
    return true;
  }

  return {
    debug: (message, data) => log.debug(message, data),
    info: (message, data) => log.info(message, data),
    warn: (message, data) => (isNew(message, data) ? log.warn(message, data) : log.debug(message, data)),
    error: (message, data) => (isNew(message, data) ? log.error(message, data) : log.debug(message, data)),
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
