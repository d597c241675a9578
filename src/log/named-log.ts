// A log whose every line says what it is about.
import type { LogData, Logger } from './logger.ts';

/** The same log with this data in front of each line's own. */
export function namedLog(log: Logger, about: LogData): Logger {
  return {
    debug: (message, data) => log.debug(message, { ...about, ...data }),
    info: (message, data) => log.info(message, { ...about, ...data }),
    warn: (message, data) => log.warn(message, { ...about, ...data }),
    error: (message, data) => log.error(message, { ...about, ...data }),
  };
}
