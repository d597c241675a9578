// The interface of the log: fixed messages, with their data.

/** The data of one event; `task`, `job` and `queue` are always spelled this way, errors are under `err`. */
export type LogData = Readonly<Record<string, unknown>>;

/** The message is fixed, so that events can be grouped; variable parts go into the data. */
export interface Logger {
  debug(message: string, data?: LogData): void;
  info(message: string, data?: LogData): void;
  warn(message: string, data?: LogData): void;
  error(message: string, data?: LogData): void;
}

/** The same log with this data before the data of each line. */
export function namedLog(log: Logger, about: LogData): Logger {
  return {
    debug: (message, data) => log.debug(message, { ...about, ...data }),
    info: (message, data) => log.info(message, { ...about, ...data }),
    warn: (message, data) => log.warn(message, { ...about, ...data }),
    error: (message, data) => log.error(message, { ...about, ...data }),
  };
}
