// The interface of the log: fixed messages, with their data; and logs that add data, or log a warning once.

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

/** Logs each warning once per process, even if the configuration and the templates are read again. */
export type WarnOnce = (log: Logger, message: string, fields?: Readonly<Record<string, unknown>>) => void;

export function createWarnOnce(): WarnOnce {
  const told = new Set<string>();
  return (log, message, fields = {}) => {
    const key = JSON.stringify([message, fields]);
    if (told.has(key)) return;
    told.add(key);
    log.warn(message, fields);
  };
}
