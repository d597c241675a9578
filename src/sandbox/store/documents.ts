// The documents that the server stores, in the format in which it returns them.
import * as z from 'zod';

export const TASK_STATUSES = [
  'created',
  'queued',
  'in_progress',
  'stopped',
  'publishing',
  'published',
  'closed',
  'failed',
  'completed',
  'unknown',
] as const;

export type TaskStatus = (typeof TASK_STATUSES)[number];

const parameter = z.looseObject({ section: z.string(), name: z.string(), value: z.string() });
const configuration = z.looseObject({ name: z.string(), value: z.string() });
const artifact = z.looseObject({ key: z.string(), mode: z.string().default('output') });
export const texts = z.array(z.string());
export const anything = z.record(z.string(), z.unknown());

/** A task. An undefined field is unset and not returned. Times are texts of `formatInstant`. */
const task = z.looseObject({
  id: z.string(),
  name: z.string(),
  type: z.string(),
  user: z.string(),
  company: z.string(),
  project: z.string().optional(),
  parent: z.string().optional(),
  comment: z.string().optional(),
  status: z.enum(TASK_STATUSES),
  status_reason: z.string().optional(),
  status_message: z.string().optional(),
  status_changed: z.string().optional(),
  /** The status before it was queued; returned only if requested by name. */
  enqueue_status: z.enum(TASK_STATUSES).optional(),
  created: z.string(),
  started: z.string().optional(),
  completed: z.string().optional(),
  published: z.string().optional(),
  last_update: z.string(),
  last_change: z.string(),
  last_changed_by: z.string(),
  last_worker: z.string().optional(),
  last_worker_report: z.string().optional(),
  last_iteration: z.number(),
  last_metrics: anything,
  active_duration: z.number().optional(),
  tags: texts,
  system_tags: texts,
  script: anything,
  container: z.record(z.string(), z.string().nullable()),
  execution: z.looseObject({ queue: z.string().optional(), artifacts: z.array(artifact).optional() }),
  hyperparams: z.record(z.string(), z.record(z.string(), parameter)),
  configuration: z.record(z.string(), configuration),
  runtime: anything,
  models: z.looseObject({ input: z.array(z.unknown()), output: z.array(z.unknown()) }),
  output: anything,
});

const queue = z.looseObject({
  id: z.string(),
  name: z.string(),
  display_name: z.string().optional(),
  company: z.string(),
  created: z.string(),
  last_update: z.string(),
  tags: texts,
  system_tags: texts,
  metadata: anything,
  /** In order, the next one first. */
  entries: z.array(z.object({ task: z.string(), added: z.string() })),
});

const project = z.looseObject({
  id: z.string(),
  name: z.string(),
  basename: z.string(),
  description: z.string(),
  parent: z.string().optional(),
  user: z.string(),
  company: z.string(),
  created: z.string(),
  last_update: z.string(),
  tags: texts,
  system_tags: texts,
  default_output_destination: z.string().optional(),
});

const modelLabels = z.record(z.string(), z.union([z.number().int(), z.string(), z.null()]));
const modelMetadata = z.record(z.string(), z.looseObject({ key: z.string(), type: z.string(), value: z.string() }));

const model = z.looseObject({
  id: z.string(),
  name: z.string(),
  /** Empty if it is public. */
  company: z.string(),
  /** The company of a public one. */
  company_origin: z.string().optional(),
  user: z.string(),
  project: z.string().optional(),
  parent: z.string().optional(),
  task: z.string().optional(),
  comment: z.string().optional(),
  created: z.string(),
  uri: z.string(),
  framework: z.string().optional(),
  design: anything,
  labels: modelLabels,
  metadata: modelMetadata,
  /** Published. */
  ready: z.boolean(),
  tags: texts,
  system_tags: texts,
  last_update: z.string(),
  last_change: z.string(),
  last_changed_by: z.string(),
  last_iteration: z.number(),
  last_metrics: anything,
});

const worker = z.object({
  id: z.string(),
  ip: z.string(),
  queues: texts,
  /** The queue its task came from. */
  queue: z.string().optional(),
  task: z.string().optional(),
  registeredAt: z.number(),
  timeoutMs: z.number(),
  lastActivityAt: z.number(),
  lastReportAt: z.number().optional(),
  tags: texts,
  systemTags: texts,
});

const event = z.looseObject({ type: z.string(), task: z.string(), timestamp: z.number() });

/** The user, keys, clock and tokens of the sandbox. */
const settings = z.object({
  accessKey: z.string(),
  secretKey: z.string(),
  signingKey: z.string(),
  user: z.string(),
  /** Further users of the same workspace, each with a key; as on the free server, all may do everything. */
  others: z
    .array(z.object({ id: z.string(), name: z.string(), accessKey: z.string(), secretKey: z.string() }))
    .default([]),
  company: z.string(),
  /** The offset of the sandbox's clock. */
  clockOffsetMs: z.number(),
  /** Tokens of earlier generations are expired. */
  tokenGeneration: z.number(),
  tokenLifeSeconds: z.number(),
  /** The last run of the watchdog, on the sandbox's clock. */
  watchdogAt: z.number(),
});

export const snapshot = z.object({
  settings,
  tasks: z.array(task),
  queues: z.array(queue),
  projects: z.array(project),
  models: z.array(model).default([]),
  workers: z.array(worker),
  events: z.array(event),
});

export type TaskDocument = z.infer<typeof task>;
export type QueueDocument = z.infer<typeof queue>;
export type ProjectDocument = z.infer<typeof project>;
export type ModelDocument = z.infer<typeof model>;
export type WorkerDocument = z.infer<typeof worker>;
export type EventDocument = z.infer<typeof event>;
export type SandboxSettings = z.infer<typeof settings>;
export type Snapshot = z.infer<typeof snapshot>;
export { parameter, configuration, artifact, modelLabels, modelMetadata };
