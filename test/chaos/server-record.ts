// The record of the server's calls: the server's process writes it, the oracle reads it.
import * as z from 'zod';

/** By how many milliseconds the server's own clock is off; the record has the true time. */
export const SERVER_CLOCK_FILE = 'server-clock';
export const RECORD_FILE = 'calls.jsonl';
/** A line with its name for each poll of a daemon. */
export const POLLS_FILE = 'polls';
/** The call that a daemon makes once in each poll, after Slurm has answered. */
export const POLL = 'workers.get_all';

export const KEYS = { accessKey: 'CHAOS', secretKey: 'only-for-this-run' } as const;

/** The calls that may change whose a task is, or what becomes of it. */
export const RECORDED: ReadonlySet<string> = new Set([
  'queues.get_next_task',
  'queues.add_task',
  'queues.remove_task',
  'queues.clear_queue',
  'tasks.enqueue',
  'tasks.dequeue',
  'tasks.stop',
  'tasks.stopped',
  'tasks.started',
  'tasks.failed',
  'tasks.completed',
  'tasks.reset',
  'tasks.archive',
  'tasks.delete',
]);

const Request = z.object({
  at: z.number(),
  call: z.string(),
  who: z.string(),
  endpoint: z.string(),
  task: z.string(),
  queue: z.string().optional(),
  reason: z.string().optional(),
});

const Response = z.object({
  at: z.number(),
  call: z.string(),
  code: z.number(),
  /** The task's status after the call, where the answer tells it. */
  status: z.string().optional(),
  /** How many entries or tasks it did something to, where the answer tells it. */
  count: z.number().optional(),
});

export interface ServerCall extends Omit<z.infer<typeof Request>, 'call'> {
  /** undefined: no response was recorded: the call may have been carried out or not. */
  readonly response: Omit<z.infer<typeof Response>, 'call'> | undefined;
}

/** What is recorded of a request's body. */
export function readRequest(body: string): { task: string; queue?: string; reason?: string } {
  const shape = z.object({
    task: z.string().optional(),
    tasks: z.array(z.string()).optional(),
    queue: z.string().optional(),
    status_reason: z.string().optional(),
  });
  const { task, tasks, queue, status_reason: reason } = shape.catch({}).parse(parseJson(body) ?? {});
  return {
    task: task ?? tasks?.[0] ?? '',
    ...(queue === undefined ? {} : { queue }),
    ...(reason === undefined || reason === '' ? {} : { reason }),
  };
}

/** What is recorded of an answer's body. */
export function readResponse(body: string): { code: number; status?: string; count?: number } {
  const shape = z.object({
    meta: z.object({ result_code: z.number() }),
    data: z.looseObject({
      fields: z.looseObject({ status: z.string().optional() }).optional(),
      entry: z.looseObject({}).optional(),
      updated: z.number().optional(),
      removed: z.number().optional(),
    }),
  });
  const { meta, data } = shape.catch({ meta: { result_code: 0 }, data: {} }).parse(parseJson(body) ?? {});
  const status = data.fields?.status;
  const count = data.removed ?? data.updated ?? (data.entry === undefined ? undefined : 1);
  return {
    code: meta.result_code,
    ...(status === undefined ? {} : { status }),
    ...(count === undefined ? {} : { count }),
  };
}

/** The calls of a record, each with its answer, in the order in which they were asked. A torn line is left out. */
export function readRecord(text: string): ServerCall[] {
  const asked: z.infer<typeof Request>[] = [];
  const responses = new Map<string, ServerCall['response']>();
  for (const line of text.split('\n')) {
    const value = parseJson(line);
    const question = Request.safeParse(value);
    if (question.success) asked.push(question.data);
    const answer = Response.safeParse(value);
    if (!answer.success) continue;
    const { call, ...rest } = answer.data;
    responses.set(call, rest);
  }
  return asked.map(({ call, ...rest }) => ({ ...rest, response: responses.get(call) }));
}

/** How many polls this daemon has made by what the file of polls says. */
export function countPolls(text: string, who: string): number {
  return text.split('\n').filter((line) => line === who).length;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
