// What the rest of the program may ask of a ClearML server: only the calls and fields that we use.
import type { QueueId, TaskId } from './ids.ts';
import type { Task, TaskDocument } from './task.ts';

export interface QueueEntry {
  readonly task: TaskId;
  /** When it was put there, milliseconds since 1970; undefined where that can't be read, and then it is not to be taken. */
  readonly added: number | undefined;
  /** Before it stands an entry that can't be read: it never gets to the head, from which `pop` takes. */
  readonly isBehind?: boolean;
}

export interface Queue {
  readonly id: QueueId;
  readonly name: string;
  /** In order; the first is next. */
  readonly entries: readonly QueueEntry[];
  /** False when there is an entry of which nobody can tell whose it is: that a task is not here is not certain then. */
  readonly isWhole: boolean;
}

export interface QueueList {
  readonly queues: readonly Queue[];
  /** False when one of them, or a queue that is not here, could not be read: nothing follows from what is missing then. */
  readonly isWhole: boolean;
}

export interface Queues {
  /** The queue of exactly this name or id, or undefined. Hidden queues are found too. */
  find(nameOrId: string): Promise<Queue | undefined>;
  /** The names of all visible queues, for "did you mean". */
  names(): Promise<string[]>;
  /** Makes the queue; one that another caller made meanwhile is as good. */
  create(name: string): Promise<Queue>;
  /** Queues with their entries, by id; those that were deleted are missing from the answer. */
  read(ids: readonly QueueId[]): Promise<QueueList>;
  /** Every queue of the server with its entries, hidden ones too. */
  readAll(): Promise<QueueList>;
  /**
   * Pops the task if it is at the head (`queues.get_next_task {queue, task}`). Exactly one caller gets true.
   * False means that somebody else has it, or that it was taken by an earlier call whose answer was lost: read the task to tell.
   * @throws ServerUnreachableError with `mayHaveHappened` when the answer was lost; that isn't tried again
   */
  pop(queue: QueueId, task: TaskId): Promise<boolean>;
  /** Puts the task at the tail without touching the task itself (`update_execution_queue: false`); already there is as good. */
  park(queue: QueueId, task: TaskId): Promise<void>;
  /**
   * Puts the task at the tail without touching the task itself, then moves it to the front; already there is as good.
   * When the answer was lost, look where the task is before the next try: others pop from this queue, and a second entry of a
   * task that runs by then would run it twice.
   * @throws ServerUnreachableError with `mayHaveHappened` when the answer was lost; that isn't tried again
   */
  giveBack(queue: QueueId, task: TaskId): Promise<void>;
  /**
   * Takes the task's entry out. True for exactly one caller; false when it wasn't there.
   * @throws ServerUnreachableError with `mayHaveHappened` when the answer was lost; that isn't tried again
   */
  take(queue: QueueId, task: TaskId): Promise<boolean>;
}

export interface TaskList {
  /** By id; those that were deleted are missing. */
  readonly tasks: ReadonlyMap<TaskId, Task>;
  /** Those that were asked for, and of which no answer could be read: nothing is known of them, not that they were deleted. */
  readonly unread: ReadonlySet<TaskId>;
}

export interface StatusNote {
  readonly reason: string;
  readonly message: string;
}

export interface TaskQuery {
  readonly statuses: readonly string[];
  readonly queues: readonly QueueId[];
  /** Only those whose status has changed since, milliseconds since 1970 by the server's clock. */
  readonly changedSince?: number;
}

/**
 * Reading, and changing statuses. A call that changes the status or its message isn't tried again (`ServerUnreachableError`): a user may
 * have aborted, reset or enqueued the task meanwhile. Read the task and decide anew.
 */
export interface Tasks {
  /** The whole document, or undefined when there is no such task. @throws InvalidResponseError when it can't be read */
  get(id: TaskId): Promise<TaskDocument | undefined>;
  /** What following needs of many tasks. Pages of 500. */
  read(ids: readonly TaskId[]): Promise<TaskList>;
  /** Tasks of these statuses whose `execution.queue` is one of these, as far as they can be read. Pages of 500. */
  find(query: TaskQuery): Promise<Task[]>;
  /** Those whose id begins with this text, or whose name it is; the last changed first, at most so many. */
  search(text: string, most: number): Promise<Task[]>;
  /** Writes `status_message` only. Never for an in_progress task: that erases the user's request to abort it. */
  setStatusMessage(id: TaskId, text: string): Promise<void>;
  /** @throws LostRaceError */
  fail(id: TaskId, note: StatusNote, options: { readonly force: boolean }): Promise<void>;
  /** @throws LostRaceError */
  stop(id: TaskId, note: StatusNote, options: { readonly force: boolean }): Promise<void>;
  /** @throws LostRaceError */
  complete(id: TaskId, note: StatusNote): Promise<void>;
  /**
   * Back to *queued* from in_progress or stopped, in no queue, with its `execution.queue` kept: the caller parks it.
   * From in_progress one `tasks.dequeue {new_status: queued}`; from stopped a `tasks.started` before it.
   * @throws LostRaceError
   */
  unstart(id: TaskId, from: 'in_progress' | 'stopped', note: StatusNote): Promise<void>;
  /** Gives a task that waits the status from before it was enqueued. Only for one that was just seen waiting. @throws LostRaceError */
  dequeue(id: TaskId, note: StatusNote): Promise<void>;
  /** Aborts it as the web page does: a task that waits is stopped, the agent of one that runs is asked to end it. @throws LostRaceError */
  abort(id: TaskId): Promise<void>;
  /** Sets user properties (hyperparams section `properties`), allowed in any status. */
  setProperties(id: TaskId, properties: Readonly<Record<string, string>>): Promise<void>;
  /**
   * As a person enqueues it: a draft, a stopped or failed task waits again; one that waits elsewhere is moved here in one act.
   * Already there is as good.
   * @throws LostRaceError when its status does not allow it
   */
  enqueue(id: TaskId, queue: QueueId): Promise<void>;
  /** A new draft with the same script, container and parameters. When the answer was lost there may be one that nobody knows. */
  clone(id: TaskId): Promise<TaskId>;
  /** Sets the image of the task's container, in any status, and leaves the rest of it as it is. */
  setImage(id: TaskId, image: string): Promise<void>;
}

export type ConsoleLevel = 'INFO' | 'WARNING' | 'ERROR';

export interface ConsoleLine {
  readonly level: ConsoleLevel;
  readonly text: string;
}

/** A line, or several in one text, as somebody wrote it into the task's console. */
export interface ConsoleEvent {
  /** By the writer's own clock, milliseconds since 1970. */
  readonly at: number;
  readonly worker: string;
  readonly text: string;
}

export interface Events {
  /** What the task's console holds: all that is later than a moment, or so many at its end. The oldest is first. */
  read(task: TaskId, which: { readonly after: number } | { readonly last: number }): Promise<ConsoleEvent[]>;
  /**
   * Lines in the task's console, in this order. Not tried again once the server may have taken them: a line twice is worse than
   * none. A task that takes no lines (published, deleted) is no error.
   */
  log(task: TaskId, worker: string, lines: readonly ConsoleLine[]): Promise<void>;
}

/** A worker as it shows itself to others. */
export interface WorkerRow {
  readonly id: string;
  readonly queues: readonly QueueId[];
  /** `system_tags`: the web page does not show them. */
  readonly tags: readonly string[];
}

export interface WorkerList {
  readonly workers: readonly WorkerRow[];
  /** False when one of them could not be read. */
  readonly isWhole: boolean;
}

export interface Workers {
  register(worker: WorkerRow, timeoutMs: number): Promise<void>;
  report(worker: WorkerRow): Promise<void>;
  unregister(worker: string): Promise<void>;
  /** The workers with this tag that were heard of within this time, by the server's clock; whoever's they are. */
  find(tag: string, withinMs: number): Promise<WorkerList>;
}

export interface People {
  /** `users.get_by_id`, or undefined when there is none. */
  user(id: string): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** `projects.get_by_id`, or undefined. */
  project(id: string): Promise<Readonly<Record<string, unknown>> | undefined>;
}

/**
 * Reading calls, and those that do no harm twice, are tried again while the server can't be reached, for half a minute.
 * All others only while they surely weren't carried out, and changes of a task's status not at all.
 */
export interface ClearmlClient {
  readonly queues: Queues;
  readonly tasks: Tasks;
  readonly events: Events;
  readonly workers: Workers;
  readonly people: People;
  /** Logs in and checks the server. @throws ServerUnusableError, CredentialsRejectedError, ServerUnreachableError */
  connect(): Promise<ServerFacts>;
  close(): Promise<void>;
}

export interface ServerFacts {
  readonly apiServer: string;
  /** e.g. `2.31`. */
  readonly apiVersion: string;
  readonly serverVersion: string;
  readonly user: string;
  /** How far its clock is ahead of ours, to the second; undefined when it doesn't say. */
  readonly serverAheadMs: number | undefined;
}
