// One call to the server as an endpoint sees it, and what an endpoint is.
import * as z from 'zod';
import { ApiError } from './api-error.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** Whoever's key the call came with. */
export interface Caller {
  readonly user: string;
  readonly userName: string;
  readonly company: string;
}

export interface Call {
  /** The request's object, without fields that are null: clients send null for "not set". */
  readonly body: Fields;
  /** The objects of a JSON-lines request; a plain object counts as one line. */
  readonly lines: readonly Fields[];
  /** The `X-ClearML-Worker` header: a host name. */
  readonly workerHeader: string | undefined;
  readonly remoteAddress: string;
  readonly caller: Caller;
  /**
   * Where the real server lies between reading a document and its conditional write: other calls come in between. It takes
   * some milliseconds, or as long as the fault `hold` says that was ordered for this endpoint.
   */
  readonly gap: () => Promise<void>;
}

/** Answers with the `data` of the envelope. @throws ApiError */
export type Endpoint = (call: Call) => Fields | Promise<Fields>;

/** Endpoints by their name, `service.action`. */
export type Service = Readonly<Record<string, Endpoint>>;

/**
 * The request in the endpoint's own shape; unknown fields are dropped.
 * @throws ApiError 400/12 when a field is missing or of a wrong type
 */
export function readRequest<Shape>(shape: z.ZodType<Shape>, body: Fields): Shape {
  const parsed = shape.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ApiError('validation', { field: issue?.path.join('.') ?? '' }, issue?.message);
}

export const oneTask = z.object({ task: z.string() });
export const statusNote = z.object({ status_reason: z.string().default(''), status_message: z.string().default('') });
export const forcible = z.object({ force: z.boolean().default(false) });
export const statusRequest = z.object({ ...oneTask.shape, ...forcible.shape, ...statusNote.shape });
/** The request's words for a status change, and whose they are. */
export function noteOf(
  request: z.infer<typeof statusNote>,
  call: Call,
): { readonly reason: string; readonly message: string; readonly by: string } {
  return { reason: request.status_reason, message: request.status_message, by: call.caller.user };
}

const manyTasks = z.object({ ids: z.array(z.string()) });

/**
 * The `*_many` form of an endpoint for one task: 200 with who succeeded and who did not.
 * @param one the endpoint for one task; it gets the same body with `task` set
 */
export function forMany(one: Endpoint): Endpoint {
  return async (call) => {
    const { ids } = readRequest(manyTasks, call.body);
    const succeeded: Fields[] = [];
    const failed: Fields[] = [];
    for (const id of ids) {
      try {
        succeeded.push({ id, ...(await one({ ...call, body: { ...call.body, task: id } })) });
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        failed.push({ id, error: { codes: [error.code, error.subcode], msg: error.message, data: {} } });
      }
    }
    return { succeeded, failed };
  };
}
