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
