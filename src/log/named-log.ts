// A log that adds the same data to every line.
import type { LogData, Logger } from './logger.ts';

/** The same log with this data before the data of each line. */
export function namedLog(log: Logger, about: LogData): Logger {
  return {
    debug: (message, data) => log.debug(message, { ...about, ...data }),
    info: (message, data) => log.info(message, { ...about, ...data }),
    warn: (message, data) => log.warn(message, { ...about, ...data }),
    error: (message, data) => log.error(message, { ...about, ...data }),
  };
}
