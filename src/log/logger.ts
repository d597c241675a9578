// The interface of the log: fixed messages, with their data; and logs that add data, or log a warning once.

import type { LogLevel } from '../base/log-levels.ts';

/** The data of one event; `task`, `job` and `queue` are always spelled this way, errors are under `err`. */
export type LogData = Readonly<Record<string, unknown>>;

/** The message is fixed, so that events can be grouped; variable parts go into the data. */
export type Logger = Readonly<Record<LogLevel, (message: string, data?: LogData) => void>>;

export function loggerOf(write: (level: LogLevel, message: string, data?: LogData) => void): Logger {
  return {
    debug: (message, data) => write('debug', message, data),
    info: (message, data) => write('info', message, data),
    warn: (message, data) => write('warn', message, data),
    error: (message, data) => write('error', message, data),
  };
}

/** The same log with this data before the data of each line. */
export function namedLog(log: Logger, about: LogData): Logger {
  return loggerOf((level, message, data) => log[level](message, { ...about, ...data }));
}

/** Logs each warning once per process, even if the configuration and the templates are read again. */
export type WarnOnce = (log: Logger, message: string, fields?: LogData) => void;

export function createWarnOnce(): WarnOnce {
  const told = new Set<string>();
  return (log, message, fields = {}) => {
    const key = JSON.stringify([message, fields]);
    if (told.has(key)) return;
    told.add(key);
    log.warn(message, fields);
  };
}
