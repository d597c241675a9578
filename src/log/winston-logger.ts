// The log of the program: one line an event on one stream, without a secret in it.
import winston from 'winston';
import { systemClock, type Clock } from '../base/clock.ts';
import { formatLogLine } from './log-line.ts';
import type { LogLevel } from '../base/log-levels.ts';
import type { LogData, Logger } from './logger.ts';
import type { Secrets } from './secrets.ts';

export interface LoggerOptions {
  /** The least that is written. At `debug`, errors are written with their stacks. */
  readonly level: LogLevel;
  readonly format: 'text' | 'json';
  /** Standard error, but for tests: standard output belongs to what a command answers. */
  readonly stream: NodeJS.WritableStream;
  readonly secrets: Secrets;
  /** The stream ends in systemd's journal: no time stamps, a priority in front. */
  readonly journald: boolean;
  /** A person reads the stream in a terminal. */
  readonly terminal?: { readonly isColored: boolean } | undefined;
  readonly clock?: Pick<Clock, 'now'>;
}

export interface ClosableLogger extends Logger {
  /** Resolves when everything that was logged before is written; later events are dropped. The stream stays open. */
  close(): Promise<void>;
}

const LEVELS: Readonly<Record<LogLevel, number>> = { error: 0, warn: 1, info: 2, debug: 3 };

/** Logging never throws, and goes on without a reader: a log must not end what it tells of. */
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
  // Whoever read the stream is gone (`… 2>&1 | head`), and there is no other place to tell of it.
  stream.on('error', () => undefined);

  function write(eventLevel: LogLevel, message: string, data: LogData = {}): void {
    if (closing !== undefined || !log.isLevelEnabled(eventLevel)) return;
    // Winston would glue a `message` in the data onto ours, so it gets the finished line and nothing else.
    log.log(eventLevel, formatLogLine({ level: eventLevel, message, data, at: clock.now() }, style));
  }

  async function flush(): Promise<void> {
    await new Promise<void>((resolve) => {
      log.once('finish', resolve);
      log.end();
    });
    // The transport hands its lines over without waiting; an empty write behind all of them does.
    await new Promise<void>((resolve) => {
      stream.write('', () => resolve());
    });
  }

  return {
    debug: (message, data) => write('debug', message, data),
    info: (message, data) => write('info', message, data),
    warn: (message, data) => write('warn', message, data),
    error: (message, data) => write('error', message, data),
    close: () => (closing ??= flush()),
  };
}
