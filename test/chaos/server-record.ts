// Reads and writes the record of the server's calls.
import * as z from 'zod';

/** Contains the offset of the server's clock in milliseconds; the record has the true time. */
export const SERVER_CLOCK_FILE = 'server-clock';
export const RECORD_FILE = 'calls.jsonl';
/** Contains one line for each poll: the daemon's name, when the poll began to read the server, and when Slurm had answered. */
export const POLLS_FILE = 'polls';
/** The call that a daemon makes once in each poll, after Slurm has answered. */
export const POLL = 'workers.get_all';

export const KEYS = { accessKey: 'CHAOS', secretKey: 'only-for-this-run' } as const;

/** The calls that may change the owner or the status of a task. */
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
  /** The task's status after the call, if the response contains it. */
  status: z.string().optional(),
  /** The number of changed entries or tasks, if the response contains it. */
  count: z.number().optional(),
});

export interface ServerCall extends Omit<z.infer<typeof Request>, 'call'> {
  /** undefined if no response was recorded: the call may or may not have been executed. */
  readonly response: Omit<z.infer<typeof Response>, 'call'> | undefined;
}

/** Returns the recorded part of a request's body. */
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

/** Returns the recorded part of a response's body. */
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

/** Returns the calls of a record with their responses, in the order of the requests. Omits a truncated line. */
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

export interface DaemonPoll {
  readonly who: string;
  /** 0 if it is unknown. */
  readonly beganAt: number;
  /** When Slurm had answered. */
  readonly at: number;
}

export function formatPoll({ who, beganAt, at }: DaemonPoll): string {
  return `${who} ${beganAt} ${at}\n`;
}

/** Returns the polls of all daemons. Omits a truncated line. @param text the content of the polls file */
export function readPolls(text: string): DaemonPoll[] {
  return text
    .split('\n')
    .slice(0, -1)
    .flatMap((line) => {
      const [who = '', beganAt, at] = line.split(' ');
      return at === undefined ? [] : [{ who, beganAt: Number(beganAt), at: Number(at) }];
    });
}

/** Whether the request begins a poll: it lists all queues. */
export function beginsPoll(endpoint: string, body: string): boolean {
  const listing = z.object({
    id: z.undefined().optional(),
    name: z.undefined().optional(),
    page: z.literal(0).optional(),
  });
  return endpoint === 'queues.get_all' && listing.safeParse(parseJson(body)).success;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
