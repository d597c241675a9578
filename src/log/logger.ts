// What the rest of the program may ask of a log: fixed sentences, with their data beside them.

/** Data of one event; `task`, `job` and `queue` are always spelled so, errors stand under `err`. */
export type LogData = Readonly<Record<string, unknown>>;

/** The message is a fixed sentence (so that events can be grouped); what varies goes into the data. */
export interface Logger {
  debug(message: string, data?: LogData): void;
  info(message: string, data?: LogData): void;
  warn(message: string, data?: LogData): void;
  error(message: string, data?: LogData): void;
}
