// A log that says each trouble once in a while, however often it is met: a server that is away for a night is a few lines.
import type { Clock } from '../base/clock.ts';
import { createBoundedMap } from '../base/bounded-map.ts';
import type { LogData, Logger } from '../log/logger.ts';

const AGAIN_AFTER_MS = 10 * 60_000;
/** What is older is forgotten, and may be said again. */
const MOST_REMEMBERED = 10_000;

/** Warnings and errors that repeat (the same sentence and cause, about the same task, job and queue) go to the debug level. */
export function rateLimitedLog(log: Logger, clock: Clock): Logger {
  const saidAt = createBoundedMap<number>(MOST_REMEMBERED);

  function isNews(message: string, data: LogData | undefined): boolean {
    const key = JSON.stringify([message, data?.['task'], data?.['job'], data?.['queue'], causeIn(data)]);
    const lastAt = saidAt.get(key);
    const now = clock.now();
    if (lastAt !== undefined && now - lastAt < AGAIN_AFTER_MS) return false;
    saidAt.set(key, now);
    return true;
  }

  return {
    debug: (message, data) => log.debug(message, data),
    info: (message, data) => log.info(message, data),
    warn: (message, data) => (isNews(message, data) ? log.warn(message, data) : log.debug(message, data)),
    error: (message, data) => (isNews(message, data) ? log.error(message, data) : log.debug(message, data)),
  };
}

/** What went wrong, without the numbers (ports, times, process ids) that differ each time although the cause is the same. */
function causeIn(data: LogData | undefined): string {
  const { err, slurm } = data ?? {};
  const cause = err instanceof Error ? `${err.name}: ${err.message}` : typeof slurm === 'string' ? slurm : '';
  return cause.replaceAll(/\d+/g, '#');
}
