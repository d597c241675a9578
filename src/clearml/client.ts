// The calls of the ClearML server that the program uses, with the fields it reads.
import type { QueueId, TaskId } from './ids.ts';
import type { Task, TaskDocument, TaskStatus } from './task.ts';

export interface QueueEntry {
  readonly task: TaskId;
  /** When it was added, milliseconds since 1970; undefined if unreadable: then the task must not be claimed. */
  readonly added: number | undefined;
  /** An unreadable entry precedes it, so it never becomes the head, which `pop` takes. */
  readonly isBehind?: boolean;
}

export interface Queue {
  readonly id: QueueId;
  readonly name: string;
  /** In queue order, head first. */
  readonly entries: readonly QueueEntry[];
  /** False if an entry's task is unreadable: a task that is not listed may still be in the queue. */
  readonly isWhole: boolean;
  /** Only the first entries were requested, and there may be more. */
  readonly hasMore?: boolean;
  /** The server's time of the last change of its entries, as received. Clearing the queue and moving an entry do not set it. */
  readonly lastUpdate?: string | undefined;
  /** Two readings one after the other had this `lastUpdate`: no change of the same millisecond is missing. */
  readonly isSettled?: boolean;
}

/** A queue without its entries. */
export type QueueName = Pick<Queue, 'id' | 'name'>;

export interface QueueList {
  readonly queues: readonly Queue[];
  /** False if a queue or an entry could not be read: then nothing follows from an absence. */
  readonly isWhole: boolean;
}

export interface Queues {
  /** The queue with exactly this name or id, hidden ones included; else undefined. */
  find(nameOrId: string): Promise<QueueName | undefined>;
  /** Names of all visible queues, for "did you mean". */
  names(): Promise<string[]>;
  /** Creates the queue, or returns the one that another caller created meanwhile. */
  create(name: string): Promise<QueueName>;
  /**
   * Queues with their entries, by id; deleted ones are missing.
   * @param most only so many entries of each queue, from its head: the server loads every entry that it returns
   */
  read(ids: readonly QueueId[], most?: number): Promise<QueueList>;
  /**
   * Every queue of the server with its entries, hidden ones included. Settled queues of `known` that have not changed since are taken
   * from there, without reading their entries again; their order may be old.
   */
  readAll(known?: readonly Queue[]): Promise<QueueList>;
  /**
   * Pops the task if it is at the head (`queues.get_next_task {queue, task}`). Exactly one caller gets true.
   * False means that another caller has it, or that an earlier call of ours took it and its response was lost: read the task.
   * @throws ServerUnreachableError with `mayHaveHappened` if the response was lost; not retried
   */
  pop(queue: QueueId, task: TaskId): Promise<boolean>;
  /**
   * Adds the task at the tail without changing the task (`update_execution_queue: false`). False if it was already there: then the entry
   * belongs to another daemon.
   */
  park(queue: QueueId, task: TaskId): Promise<boolean>;
  /**
   * Adds the task at the tail without changing the task, then moves it to the front. False if it was already there.
   * If the response was lost, read the queues before another call: other agents pop from this queue, and a second entry of a
   * task that runs by then would run it twice.
   * @throws ServerUnreachableError with `mayHaveHappened` if the response was lost; not retried
   */
  returnToQueue(queue: QueueId, task: TaskId): Promise<boolean>;
  /**
   * Removes the task's entry. True for exactly one caller; false if it was not there.
   * @throws ServerUnreachableError with `mayHaveHappened` if the response was lost; not retried
   */
  removeEntry(queue: QueueId, task: TaskId): Promise<boolean>;
}

export interface TaskList {
  /** By id; deleted ones are missing. */
  readonly tasks: ReadonlyMap<TaskId, Task>;
  /** Requested tasks whose row was unreadable: they were not necessarily deleted. */
  readonly unread: ReadonlySet<TaskId>;
}

export interface ChangedTasks extends TaskList {
  /** False if a row was unreadable, so that any of the requested tasks may have changed. */
  readonly isWhole: boolean;
}

export interface StatusNote {
  readonly reason: string;
  readonly message: string;
}

export interface TaskQuery {
  readonly statuses: readonly string[];
  readonly queues: readonly QueueId[];
  /** Only tasks whose status changed since, milliseconds since 1970 by the server's clock. */
  readonly changedSince?: number;
  /** Leaves out these tasks. With more than one request can name, some of them may be returned. */
  readonly except?: readonly TaskId[];
}

/**
 * Reads tasks and changes their status. A call that changes the status or its message is never retried (`ServerUnreachableError`):
 * a user may have aborted, reset or enqueued the task meanwhile. Read the task and decide again.
 */
export interface Tasks {
  /** The whole document, or undefined if there is no such task. @throws InvalidResponseError if it is unreadable */
  get(id: TaskId): Promise<TaskDocument | undefined>;
  /** The same for several tasks, in one call that is not retried. A task that is deleted or unreadable is missing: `get` reports which. */
  getMany(ids: readonly TaskId[]): Promise<ReadonlyMap<TaskId, TaskDocument>>;
  /** What tracking needs of many tasks. Pages of 500. */
  read(ids: readonly TaskId[]): Promise<TaskList>;
  /**
   * Those of these tasks whose status changed since, milliseconds since 1970 by the server's clock. A user's abort, dequeue, reset,
   * archive and enqueue are such changes; deletion, a report or a console line of the agent, and `tasks.edit` are not.
   */
  readChanged(ids: readonly TaskId[], since: number): Promise<ChangedTasks>;
  /** How many of these tasks exist and have this status; undefined if the server cannot count. Returns no task. */
  count(ids: readonly TaskId[], status: TaskStatus): Promise<number | undefined>;
  /** Readable tasks with one of these statuses and `execution.queue`. Pages of 500. */
  find(query: TaskQuery): Promise<Task[]>;
  /** Tasks whose id begins with this text or whose name it is, last updated first. */
  search(text: string, most: number): Promise<Task[]>;
  /** Writes `status_message` only. Never call it for an in_progress task: it erases the user's request to abort. */
  setStatusMessage(id: TaskId, text: string): Promise<void>;
  /** @throws LostRaceError */
  fail(id: TaskId, note: StatusNote, options: { readonly force: boolean }): Promise<void>;
  /**
   * @param options `isUsersAbort`: a user has aborted the task before, with this note
   * @throws LostRaceError
   */
  stop(
    id: TaskId,
    note: StatusNote,
    options: { readonly force: boolean; readonly isUsersAbort?: boolean },
  ): Promise<void>;
  /** @throws LostRaceError */
  complete(id: TaskId, note: StatusNote): Promise<void>;
  /**
   * Makes an in_progress or stopped task *queued*, in no queue, and keeps its `execution.queue`: the caller parks it.
   * From in_progress: `tasks.dequeue {new_status: queued}`; from stopped: `tasks.started` first.
   * @throws LostRaceError
   */
  unstart(id: TaskId, from: 'in_progress' | 'stopped', note: StatusNote): Promise<void>;
  /** Restores the status from before the task was enqueued. Only for a task just seen *queued*. @throws LostRaceError */
  dequeue(id: TaskId, note: StatusNote): Promise<void>;
  /** Aborts the task as the web page does: stops a waiting one, asks the agent of a running one to end it. @throws LostRaceError */
  abort(id: TaskId): Promise<void>;
  /** Sets user properties (hyperparams section `properties`), allowed in any status. */
  setProperties(id: TaskId, properties: Readonly<Record<string, string>>): Promise<void>;
  /**
   * Enqueues a task as the web page does; one that waits in another queue is moved in one call. Succeeds if it is already there.
   * @throws LostRaceError if its status does not allow it
   */
  enqueue(id: TaskId, queue: QueueId): Promise<void>;
  /** A new draft with the same script, container and parameters. If the response is lost, an unknown copy may exist. */
  clone(id: TaskId): Promise<TaskId>;
  /** Sets the container image in any status and keeps the other container settings. */
  setImage(id: TaskId, image: string): Promise<void>;
}

export type ConsoleLevel = 'INFO' | 'WARNING' | 'ERROR';

export interface ConsoleLine {
  readonly level: ConsoleLevel;
  readonly text: string;
}

/** One or more console lines, as their writer sent them. */
export interface ConsoleEvent {
  /** By the writer's clock, milliseconds since 1970. */
  readonly at: number;
  readonly worker: string;
  readonly text: string;
}

export interface Events {
  /** The task's console, oldest event first: all after a time, or the last so many. */
  read(task: TaskId, which: { readonly after: number } | { readonly last: number }): Promise<ConsoleEvent[]>;
  /**
   * Appends lines to the task's console in this order. Not retried once the server may have taken them: a repeated line is worse
   * than a missing one. A task that takes no lines (published, deleted) is not an error.
   */
  log(task: TaskId, worker: string, lines: readonly ConsoleLine[]): Promise<void>;
  /**
   * The same for lines that only inform: they wait up to a second for those of other tasks, and share their call. Call `flush` before
   * the process ends.
   */
  logLater(task: TaskId, worker: string, lines: readonly ConsoleLine[]): Promise<void>;
  /** Sends the lines that wait. Resolves when all of them were sent or have failed; never rejects. */
  flush(): Promise<void>;
}

/** A worker registration. */
export interface WorkerRow {
  readonly id: string;
  readonly queues: readonly QueueId[];
  /** `system_tags`: the web page does not show them. */
  readonly tags: readonly string[];
  /** When it last sent a heartbeat, milliseconds since 1970 by the server's clock. */
  readonly heardAt?: number | undefined;
}

export interface WorkerList {
  readonly workers: readonly WorkerRow[];
  /** False if a worker was unreadable. */
  readonly isWhole: boolean;
}

export interface Workers {
  register(worker: WorkerRow, timeoutMs: number): Promise<void>;
  report(worker: WorkerRow): Promise<void>;
  unregister(worker: string): Promise<void>;
  /** Workers with one of these tags whose last heartbeat is younger than `withinMs` by the server's clock. Any user may register one. */
  find(tags: readonly string[], withinMs: number): Promise<WorkerList>;
}

export interface People {
  /** `users.get_by_id`, or undefined. */
  user(id: string): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** `projects.get_by_id`, or undefined. */
  project(id: string): Promise<Readonly<Record<string, unknown>> | undefined>;
  /** All users with an id; none if the server does not list them for this key. */
  all(): Promise<{ readonly id: string; readonly name: string }[]>;
}

/**
 * Idempotent calls are retried for half a minute while the server is unreachable. Other calls are retried only while the server
 * cannot have seen them, and status changes never.
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
  /** How far the server's clock is ahead of ours, to the second; undefined if unknown. */
  readonly serverAheadMs: number | undefined;
}
