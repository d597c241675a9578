// The table of all errors that the server returns: code, subcode and message.

/** Name → [code, subcode, text], as in the real server (apiserver/apierrors/errors.conf). */
const API_ERRORS = {
  badRequest: [400, 0, 'Bad request'],
  invalidId: [400, 10, 'Invalid object id'],
  missingFields: [400, 11, 'Missing required fields'],
  validation: [400, 12, 'Validation error'],
  unknownField: [400, 14, 'Lookup error'],
  fieldsValue: [400, 16, 'Invalid value for fields'],
  batchWithoutItems: [400, 17, 'Batch request contains no items'],
  malformedRegex: [400, 21, 'Malformed regular expression'],
  invalidTaskId: [400, 101, 'Invalid task id'],
  invalidTaskStatus: [400, 110, 'Invalid task status'],
  lostStatusRace: [400, 121, 'Failed changing task status. probably someone changed it before you'],
  missingTaskFields: [400, 122, 'Task is missing expected fields'],
  taskCannotBeDeleted: [400, 123, 'Task cannot be deleted'],
  eventsNotAdded: [400, 131, 'Events not added'],
  invalidModelId: [400, 201, 'Invalid model id'],
  modelIsReady: [400, 203, 'Model is ready'],
  modelInUse: [400, 205, 'Model is used by tasks'],
  modelCreatingTaskExists: [400, 206, 'Task that created this model exists'],
  invalidUserId: [400, 301, 'Invalid user id'],
  invalidProjectId: [400, 401, 'Invalid project id'],
  projectHasTasks: [400, 402, 'Project has associated tasks'],
  cannotUpdateProjectLocation: [400, 408, 'Cannot update project location. Use projects.move instead'],
  invalidQueueId: [400, 701, 'Invalid queue id'],
  queueNotEmpty: [400, 702, 'Queue is not empty'],
  taskNotInQueue: [400, 703, 'Invalid queue id or task not in queue'],
  taskAlreadyQueued: [400, 706, 'Failed adding task to queue since task is already queued'],
  noDefaultQueue: [400, 707, 'No queue is tagged as the default queue for this company'],
  severalDefaultQueues: [400, 708, 'More than one queue is tagged as the default queue for this company'],
  dataValidation: [400, 800, 'Data validation error'],
  notUnique: [400, 801, 'Value combination already exists (unique field already contains this value)'],
  invalidScrollId: [400, 1104, 'Invalid scroll id'],
  badAuthType: [401, 10, 'Unauthorized (bad authentication header type)'],
  noCredentials: [401, 20, 'Unauthorized (missing credentials)'],
  malformedCredentials: [401, 21, 'Unauthorized (malformed credentials)'],
  invalidCredentials: [401, 22, 'Unauthorized (invalid credentials)'],
  invalidToken: [401, 30, 'Invalid token'],
  unknownEndpoint: [404, 0, 'Unable to find endpoint'],
  internal: [500, 1, 'Internal server error'],
} as const satisfies Record<string, readonly [code: number, subcode: number, text: string]>;

export type ApiErrorName = keyof typeof API_ERRORS;

/** Thrown to reject a call; becomes the code, subcode and message of the envelope. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: number;
  readonly subcode: number;

  constructor(name: ApiErrorName, facts: Readonly<Record<string, unknown>> = {}, extra?: string) {
    const [code, subcode, text] = API_ERRORS[name];
    super(describe(text, facts, extra));
    this.code = code;
    this.subcode = subcode;
  }
}

/** `<text>[ (<extra>)][: key=value, key=value]`, as in apiserver/apierrors/base.py. */
function describe(text: string, facts: Readonly<Record<string, unknown>>, extra: string | undefined): string {
  const pairs = Object.entries(facts).map(([key, value]) => `${key}=${describeFact(value)}`);
  return `${text}${extra === undefined ? '' : ` (${extra})`}${pairs.length === 0 ? '' : `: ${pairs.join(', ')}`}`;
}

function describeFact(value: unknown): string {
  if (Array.isArray(value)) return `(${value.map(String).join(', ')})`;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
