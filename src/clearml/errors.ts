// How a call to the ClearML server can fail; one class for each thing a caller would do about it.

/**
 * Thrown when no usable answer came: no route, no DNS, a proxy's error page, 5xx, a timeout.
 * Nothing is wrong with any task; try again later. `mayHaveHappened` tells whether the server may have carried the call out.
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
 * Thrown when what answers is no API server, or can't be trusted: a web page, a redirect, an unknown certificate.
 * Once we were connected that passes (a proxy's page); at the start it doesn't, so `connect` turns it into `ServerUnusableError`.
 */
export class NotTheApiError extends ServerUnreachableError {
  override readonly name: string = 'NotTheApiError';
}

/**
 * Thrown when the server did answer, but with something that can't be used: of another form, or about something else. The next
 * answer would be the same, so it is not asked for at once; where it is about one task, it is the trouble of that task alone.
 */
export class InvalidResponseError extends ServerUnreachableError {
  override readonly name: string = 'InvalidResponseError';
}

/** Thrown when an answer is larger or deeper than any answer to that call can be. Of a list, a smaller part may be had. */
export class ResponseTooLargeError extends InvalidResponseError {
  override readonly name = 'ResponseTooLargeError';
}

/** Thrown when the server answered that it won't. `code` and `subcode` drive every decision, `message` is for people. */
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
 * Thrown when a status change lost against somebody else's (400/121, 400/110) or against the task's deletion (400/101):
 * read the task again, don't insist.
 */
export class LostRaceError extends ServerRefusedError {
  override readonly name: string = 'LostRaceError';
}

/** Thrown when the server does not know the key, the secret or the token: a person must act. */
export class CredentialsRejectedError extends Error {
  override readonly name = 'CredentialsRejectedError';
}

/** Thrown at the start when this server can't be used at all: too old, or the address of the web page. */
export class ServerUnusableError extends Error {
  override readonly name: string = 'ServerUnusableError';
}

/** Thrown when the address and the keys are right, but the server lacks calls that we need: somebody must upgrade it. */
export class ServerTooOldError extends ServerUnusableError {
  override readonly name = 'ServerTooOldError';
}
