// Errors of ClearML calls: one class for each decision of a caller.

/**
 * Thrown without a usable response: no route, no DNS, a proxy's error page, 5xx, a timeout. Retry later; no task is at fault.
 * `mayHaveHappened` tells whether the server may have executed the call.
 */
export class ServerUnreachableError extends Error {
  override readonly name: string = 'ServerUnreachableError';
  readonly mayHaveHappened: boolean;

  constructor(message: string, mayHaveHappened: boolean, options?: ErrorOptions) {
    super(message, options);
    this.mayHaveHappened = mayHaveHappened;
  }
}

/**
 * Thrown when the server, or a proxy in front of it, asks for fewer calls (429, 503). Retry after the time that it names, if it names
 * one.
 */
export class ServerBusyError extends ServerUnreachableError {
  override readonly name = 'ServerBusyError';
  readonly retryAfterMs: number | undefined;

  constructor(message: string, mayHaveHappened: boolean, retryAfterMs: number | undefined) {
    super(message, mayHaveHappened);
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * Thrown when the other side is not a ClearML API, or is not trusted: a web page, a redirect, an unknown certificate.
 * After a successful connect this is temporary (a proxy's page); before it, `connect` turns it into `ServerUnusableError`.
 */
export class NotTheApiError extends ServerUnreachableError {
  override readonly name: string = 'NotTheApiError';
}

/**
 * Thrown when a response is malformed or about something else. A retry would get the same, so none is made; a response about one
 * task fails that task's step alone.
 */
export class InvalidResponseError extends ServerUnreachableError {
  override readonly name: string = 'InvalidResponseError';
}

/** Thrown when a response exceeds the limits of its endpoint. A smaller page of a list may fit. */
export class ResponseTooLargeError extends InvalidResponseError {
  override readonly name = 'ResponseTooLargeError';
}

/** Thrown when the server refuses a call. `code` and `subcode` drive decisions; `message` is for users. */
export class ServerRefusedError extends Error {
  override readonly name: string = 'ServerRefusedError';
  readonly endpoint: string;
  readonly code: number;
  readonly subcode: number;

  constructor(message: string, endpoint: string, code: number, subcode: number) {
    super(message);
    this.endpoint = endpoint;
    this.code = code;
    this.subcode = subcode;
  }
}

/**
 * Refusals that the program expects, by name.
 * https://github.com/clearml/clearml-server/blob/master/apiserver/apierrors/errors.conf
 */
const REFUSALS = {
  invalidTaskId: [400, 101],
  taskNotFound: [400, 130],
  eventsNotAdded: [400, 131],
  invalidUserId: [400, 301],
  invalidProjectId: [400, 401],
  projectNotFound: [400, 403],
  invalidQueueId: [400, 701],
  taskNotInQueue: [400, 703],
  taskAlreadyQueued: [400, 706],
  nameTaken: [400, 801],
} as const satisfies Record<string, readonly [code: number, subcode: number]>;

export type RefusalName = keyof typeof REFUSALS;

/** Whether the server refused a call for one of these reasons. */
export function isRefusal(error: unknown, ...names: readonly RefusalName[]): error is ServerRefusedError {
  if (!(error instanceof ServerRefusedError)) return false;
  return names.some((name) => error.code === REFUSALS[name][0] && error.subcode === REFUSALS[name][1]);
}

/** What the call returns; undefined if the server refused it for one of these reasons. */
export async function unlessRefused<Result>(
  call: Promise<Result>,
  ...names: readonly RefusalName[]
): Promise<Result | undefined> {
  try {
    return await call;
  } catch (error) {
    if (isRefusal(error, ...names)) return undefined;
    throw error;
  }
}

/**
 * Thrown when a status change lost against another one (400/121, 400/110) or the task was deleted (400/101): read the task again
 * instead of retrying.
 */
export class LostRaceError extends ServerRefusedError {
  override readonly name: string = 'LostRaceError';
}

/** Whether the change was made; false if another one was first. */
export async function winsRace(change: Promise<void>): Promise<boolean> {
  try {
    await change;
    return true;
  } catch (error) {
    if (error instanceof LostRaceError) return false;
    throw error;
  }
}

/** Thrown when the server rejects the key, the secret or the token: a user must correct the configuration. */
export class CredentialsRejectedError extends Error {
  override readonly name = 'CredentialsRejectedError';
}

/** Thrown at start-up for a server that cannot be used: too old, or the URL of the web page. */
export class ServerUnusableError extends Error {
  override readonly name: string = 'ServerUnusableError';
}

/** Thrown when the server lacks calls that the program needs: it must be upgraded. */
export class ServerTooOldError extends ServerUnusableError {
  override readonly name = 'ServerTooOldError';
}
