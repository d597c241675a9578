// Formats one event as one line, as text for users or as JSON for machines.
import type { LogLevel } from '../base/log-levels.ts';
import { COLOR_END, COLORS, escapeToOneLine } from '../base/terminal-text.ts';
import type { LogData } from './logger.ts';

/** The priorities of sd-daemon(3). */
const JOURNAL_PRIORITY: Readonly<Record<LogLevel, number>> = { debug: 7, info: 6, warn: 4, error: 3 };

export interface LogEvent {
  readonly level: LogLevel;
  readonly message: string;
  readonly data: LogData;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface LineStyle {
  readonly format: 'text' | 'json';
  /** The journal adds its own time stamps, and reads the priority from the front of the line. */
  readonly journald: boolean;
  readonly withStack: boolean;
  /** For a terminal: local time, and a colored level unless colors are disabled. */
  readonly terminal?: { readonly isColored: boolean } | undefined;
  /** Removes the secrets from a text. */
  readonly redact: (text: string) => string;
}

/** Always one line without secrets, whatever the event contains. */
export function formatLogLine(event: LogEvent, style: LineStyle): string {
  const priority = style.journald ? `<${JOURNAL_PRIORITY[event.level]}>` : '';
  const line = style.format === 'json' ? jsonLine(event, style) : textLine(event, style);
  // Each value was redacted before it was quoted; this catches secrets composed of several values.
  return priority + style.redact(line);
}

function textLine({ level, message, data, at }: LogEvent, style: LineStyle): string {
  const time = style.journald ? [] : [style.terminal === undefined ? new Date(at).toISOString() : localTime(at)];
  const pairs = Object.entries(data).flatMap(([key, value]) => textPairs(key, value, style));
  return [...time, levelWord(level, style), onOneLine(style.redact(message)), ...pairs].join(' ');
}

const LEVEL_COLORS = { error: 'bad', warn: 'doubtful', info: 'good', debug: undefined } as const;

function levelWord(level: LogLevel, { terminal }: LineStyle): string {
  const word = level.toUpperCase();
  const color = terminal?.isColored === true ? LEVEL_COLORS[level] : undefined;
  return color === undefined ? word : `\x1b[${COLORS[color]}m${word}${COLOR_END}`;
}

/** `2026-11-28 22:38:01`, in local time. */
function localTime(at: number): string {
  const moment = new Date(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [moment.getFullYear(), two(moment.getMonth() + 1), two(moment.getDate())].join('-');
  return `${day} ${[moment.getHours(), moment.getMinutes(), moment.getSeconds()].map(two).join(':')}`;
}

function textPairs(key: string, value: unknown, style: LineStyle): string[] {
  if (value === undefined) return [];
  if (!isError(key, value)) return [`${textValue(key, style)}=${textValue(value, style)}`];
  const data = errorData(value, style.withStack);
  const stack = data.stack === undefined ? [] : [`stack=${textValue(data.stack, style)}`];
  return [`${textValue(key, style)}=${textValue(errorSentence(data), style)}`, ...stack];
}

function textValue(value: unknown, style: LineStyle): string {
  const text = typeof value === 'string' ? style.redact(value) : json(value, style);
  return /^[^\s"'=\\\p{C}]+$/u.test(text) ? text : escapeToOneLine(JSON.stringify(text));
}

function jsonLine({ level, message, data, at }: LogEvent, style: LineStyle): string {
  const own = { ...(style.journald ? {} : { time: new Date(at).toISOString() }), level, message };
  const fields = Object.entries(data)
    // Data of the same name must not replace our fields.
    .filter(([key, value]) => value !== undefined && !Object.hasOwn(own, key))
    .map(([key, value]) => [key, isError(key, value) ? errorData(value, style.withStack) : value] as const);
  const members = [...Object.entries(own), ...fields].map(
    ([key, value]) => `${JSON.stringify(key)}:${json(value, style)}`,
  );
  return escapeToOneLine(`{${members.join(',')}}`);
}

/** Everything under `err` was thrown. */
function isError(key: string, value: unknown): boolean {
  return value instanceof Error || (key === 'err' && value !== undefined);
}

/** JSON of any value: errors become plain data, values without a JSON form become text, and a cyclic value becomes a fixed text. */
function json(value: unknown, { redact }: LineStyle): string {
  try {
    const text: unknown = JSON.stringify(value, (_key, inner: unknown): unknown => {
      if (typeof inner === 'string') return redact(inner);
      if (inner instanceof Error) return errorData(inner, false);
      if (inner instanceof Set || inner instanceof Map) return [...inner];
      return typeof inner === 'bigint' ? String(inner) : inner;
    });
    return typeof text === 'string' ? text : JSON.stringify(redact(String(value)));
  } catch {
    return '"[not printable]"';
  }
}

function onOneLine(text: string): string {
  return /[\p{C}\u2028\u2029]/u.test(text) ? escapeToOneLine(JSON.stringify(text).slice(1, -1)) : text;
}

interface ErrorData {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: ErrorData;
}

const DEEPEST_CAUSE = 5;

/** Includes causes, up to a depth, and `stack` only when debugging. A thrown value that is not an error becomes its text. */
function errorData(error: unknown, withStack: boolean, depth = 0): ErrorData {
  if (!(error instanceof Error)) return { name: 'NotAnError', message: String(error) };
  return {
    name: error.name,
    message: error.message,
    ...('code' in error && typeof error.code === 'string' ? { code: error.code } : {}),
    ...(withStack && error.stack !== undefined ? { stack: error.stack } : {}),
    ...(error.cause === undefined || depth >= DEEPEST_CAUSE
      ? {}
      : { cause: errorData(error.cause, withStack, depth + 1) }),
  };
}

/** A bug is shown with the name of its class; every other error with its message. */
const BUGS = ['TypeError', 'RangeError', 'ReferenceError', 'SyntaxError', 'AssertionError', 'EvalError', 'URIError'];

/** `message; caused by message`, without causes that add nothing. */
function errorSentence({ name, message, code, cause }: ErrorData): string {
  // Node's system errors carry the code only beside the message.
  const told = code === undefined || message.includes(code) ? message : `${message} (${code})`;
  const own = BUGS.includes(name) ? `${name}: ${told}` : told;
  if (cause === undefined) return own;
  const why = errorSentence(cause);
  return own.includes(why) ? own : `${own}; caused by ${why}`;
}
