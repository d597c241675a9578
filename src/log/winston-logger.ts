// The log of the program: one line per event on one stream, without secrets.
import winston from 'winston';
import { systemClock, type Clock } from '../base/clock.ts';
import { formatLogLine } from './log-line.ts';
import type { LogLevel } from '../base/log-levels.ts';
import { loggerOf, type LogData, type Logger } from './logger.ts';
import type { Secrets } from './redact-secrets.ts';
import { fstatSync } from 'node:fs';

export interface LoggerOptions {
  /** The lowest level to write. At `debug`, errors are written with their stacks. */
  readonly level: LogLevel;
  readonly format: 'text' | 'json';
  /** Standard error, except in tests: standard output is for the output of commands. */
  readonly stream: NodeJS.WritableStream;
  readonly secrets: Secrets;
  /** The stream ends in systemd's journal: no time stamps, and a priority at the front. */
  readonly journald: boolean;
  /** The stream is a terminal. */
  readonly terminal?: { readonly isColored: boolean } | undefined;
  readonly clock?: Pick<Clock, 'now'>;
}

export interface ClosableLogger extends Logger {
  /** Resolves when all earlier events are written; later events are dropped. The stream stays open. */
  close(): Promise<void>;
}

const LEVELS: Readonly<Record<LogLevel, number>> = { error: 0, warn: 1, info: 2, debug: 3 };

/** Logging never throws and continues without a reader, so that a log never ends the program. */
export function createLogger({
  level,
  format,
  stream,
  secrets,
  journald,
  terminal,
  clock = systemClock,
}: LoggerOptions): ClosableLogger {
  const style = {
    format,
    journald,
    terminal,
    withStack: level === 'debug',
    redact: (text: string) => secrets.redact(text),
  };
  const log = winston.createLogger({
    level,
    levels: LEVELS,
    format: winston.format.printf(({ message }) => String(message)),
    transports: [new winston.transports.Stream({ stream, eol: '\n' })],
  });
  let closing: Promise<void> | undefined;
  ignoreErrors(stream);

  function write(eventLevel: LogLevel, message: string, data: LogData = {}): void {
    if (closing !== undefined || !log.isLevelEnabled(eventLevel)) return;
    // Winston would append a `message` in the data to ours, so it gets the finished line and nothing else.
    log.log(eventLevel, formatLogLine({ level: eventLevel, message, data, at: clock.now() }, style));
  }

  async function flush(): Promise<void> {
    await new Promise<void>((resolve) => {
      log.once('finish', resolve);
      log.end();
    });
    // The transport passes its lines on asynchronously; an empty write after them waits for all.
    await new Promise<void>((resolve) => {
      stream.write('', () => resolve());
    });
  }

  return { ...loggerOf(write), close: () => (closing ??= flush()) };
}

const WITHOUT_ERRORS = new WeakSet<NodeJS.WritableStream>();

/** The reader of the stream is gone (`… 2>&1 | head`), and no other place is left for the message. Once: each reload creates a logger. */
function ignoreErrors(stream: NodeJS.WritableStream): void {
  if (WITHOUT_ERRORS.has(stream)) return;
  WITHOUT_ERRORS.add(stream);
  stream.on('error', () => undefined);
}

/**
 * Whether the output of this process goes to systemd's journal.
 * `JOURNAL_STREAM` contains the device and inode of the journal's socket (systemd.exec(5)). Its presence alone is not enough:
 * a terminal started by a service has it too.
 * @param descriptor e.g. 2 for standard error
 */
export function isJournalStream(journalStream: string | undefined, descriptor: number): boolean {
  if (journalStream === undefined) return false;
  const { dev, ino } = fstatSync(descriptor);
  return journalStream === `${dev}:${ino}`;
}
