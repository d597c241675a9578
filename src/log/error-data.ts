// Converts an error to plain data for a log line, because JSON omits the fields of errors.

export interface ErrorData {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly stack?: string;
  readonly cause?: ErrorData;
}

const DEEPEST_CAUSE = 5;

/** Includes causes, up to a depth, and `stack` only when debugging. A thrown value that is not an error becomes its text. */
export function errorData(error: unknown, withStack: boolean, depth = 0): ErrorData {
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
export function errorSentence({ name, message, code, cause }: ErrorData): string {
  // Node's system errors carry the code only beside the message.
  const told = code === undefined || message.includes(code) ? message : `${message} (${code})`;
  const own = BUGS.includes(name) ? `${name}: ${told}` : told;
  if (cause === undefined) return own;
  const why = errorSentence(cause);
  return own.includes(why) ? own : `${own}; caused by ${why}`;
}
