// The types of an endpoint and of a call to it.
import * as z from 'zod';
import { ApiError } from './api-error.ts';
import { texts } from '../store/documents.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** The user whose key authenticated the call. */
export interface Caller {
  readonly user: string;
  readonly userName: string;
  readonly company: string;
}

export interface Call {
  /** The request's object without null fields: clients send null for "not set". */
  readonly body: Fields;
  /** The objects of a JSON-lines request; a plain object counts as one line. */
  readonly lines: readonly Fields[];
  /** The `X-ClearML-Worker` header: a host name. */
  readonly workerHeader: string | undefined;
  readonly remoteAddress: string;
  readonly caller: Caller;
  /**
   * The delay of the real server between reading a document and its conditional write, in which other calls run. It takes
   * some milliseconds, or until the fault `hold` of this endpoint is released.
   */
  readonly gap: () => Promise<void>;
}

/** Returns the `data` of the envelope. @throws ApiError */
export type Endpoint = (call: Call) => Fields | Promise<Fields>;

/** Endpoints by name, `service.action`. */
export type Service = Readonly<Record<string, Endpoint>>;

/**
 * Parses the request; unknown fields are dropped.
 * @throws ApiError 400/12 if a field is missing or has the wrong type
 */
export function parseRequest<Shape>(shape: z.ZodType<Shape>, body: Fields): Shape {
  const parsed = shape.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ApiError('validation', { field: issue?.path.join('.') ?? '' }, issue?.message);
}

/** An endpoint whose request has this shape. */
export function endpoint<Shape>(
  shape: z.ZodType<Shape>,
  run: (request: Shape, call: Call) => ReturnType<Endpoint>,
): Endpoint {
  return (call) => run(parseRequest(shape, call.body), call);
}

export const oneTask = z.object({ task: z.string() });
export const severalTasks = z.object({ tasks: texts.min(1) });
export const statusNote = z.object({ status_reason: z.string().default(''), status_message: z.string().default('') });
export const forcible = z.object({ force: z.boolean().default(false) });
export const statusRequest = z.object({ ...oneTask.shape, ...forcible.shape, ...statusNote.shape });
/** The reason and message of a status change, and its user. */
export function noteOf(
  request: z.infer<typeof statusNote>,
  call: Call,
): { readonly reason: string; readonly message: string; readonly by: string } {
  return { reason: request.status_reason, message: request.status_message, by: call.caller.user };
}

const manyIds = z.object({ ids: texts });

/**
 * The `*_many` form of an endpoint for one task, or one of something else: 200 with those that succeeded and those that failed.
 * @param one gets the same body with the id in this field
 */
export function forMany(one: Endpoint, field = 'task'): Endpoint {
  return endpoint(manyIds, async ({ ids }, call) => {
    const succeeded: Fields[] = [];
    const failed: Fields[] = [];
    for (const id of ids) {
      try {
        succeeded.push({ id, ...(await one({ ...call, body: { ...call.body, [field]: id } })) });
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        failed.push({ id, error: { codes: [error.code, error.subcode], msg: error.message, data: {} } });
      }
    }
    return { succeeded, failed };
  });
}
