// Reports each call to ClearML and Slurm, and each journal entry, without changing what the daemon does.
import type { Clock } from '../../base/clock.ts';
import type { TaskId } from '../../clearml/ids.ts';
import { LostRaceError } from '../../clearml/errors.ts';
import type { Task } from '../../clearml/task.ts';
import { parseJobName } from '../../slurm/job-name.ts';
import type { Scheduler } from '../../slurm/scheduler.ts';
import type { DaemonDeps } from '../deps.ts';
import type { Journal } from '../journal/journal.ts';
import type { DaemonEvent, Service } from './daemon-events.ts';
import type { StepsOfTasks } from './task-steps.ts';

export interface Watching {
  readonly histories: StepsOfTasks;
  readonly emit: (event: DaemonEvent) => void;
  /** A service responded, or did not. */
  readonly responded: (service: Service, isOk: boolean) => void;
  /** undefined once the journal was written again. */
  readonly journalFailed: (error: unknown) => void;
  /** The task as last polled. */
  readonly lastSeen: (task: TaskId) => Task | undefined;
}

/** The command behind each method of the scheduler, as `calls` counts it. */
const SLURM_COMMANDS: Readonly<Record<keyof Scheduler, string>> = {
  facts: 'scontrol show config',
  submit: 'sbatch',
  list: 'squeue',
  listAllUsers: 'squeue of all users',
  sizes: 'squeue of sizes',
  lookUp: 'look-up by name',
  record: 'scontrol show job',
  endDetails: 'sacct of the ends of jobs',
  figures: 'sacct of ended jobs',
  cancel: 'scancel',
};

/** The same dependencies, whose use is reported. */
export function watchDeps(deps: DaemonDeps, watching: Watching): DaemonDeps {
  const { clock } = deps;
  const watch = <Group extends object>(service: Service, group: Group, nameOf: (method: string) => string): Group =>
    withObservedMethods(group, clock, (method, ms, { result, error }) => {
      const outcome = isFailed(result) ? 'failed' : outcomeOf(error);
      watching.emit({ kind: 'call', service, command: nameOf(method), outcome, ms });
      watching.responded(service, outcome !== 'failed');
    });
  const { clearml } = deps;
  const group = <Name extends 'queues' | 'tasks' | 'events' | 'workers' | 'people'>(
    name: Name,
  ): DaemonDeps['clearml'][Name] => watch('clearml', clearml[name], (method) => `${name}.${method}`);
  return {
    ...deps,
    clearml: {
      ...clearml,
      queues: watchQueues(group('queues'), watching),
      tasks: watchTasks(group('tasks'), watching),
      events: group('events'),
      workers: group('workers'),
      people: group('people'),
    },
    scheduler: watchSubmissions(
      watch('slurm', deps.scheduler, (method) => SLURM_COMMANDS[method as keyof Scheduler]),
      deps,
      watching,
    ),
    history: {
      ...deps.history,
      async record(attempt) {
        await deps.history.record(attempt);
        watching.histories.recorded(attempt);
      },
    },
    journal: watchJournal(deps.journal, deps, watching),
  };
}

/** A lost race is a response of the server. */
function outcomeOf(error: unknown): 'ok' | 'refused' | 'failed' {
  if (error === undefined) return 'ok';
  return error instanceof LostRaceError ? 'refused' : 'failed';
}

/** Slurm's failures are results, not errors; a rejected script is a response. */
function isFailed(result: unknown): boolean {
  if (typeof result !== 'object' || result === null || !('kind' in result)) return false;
  return result.kind === 'failed' || result.kind === 'unavailable' || result.kind === 'unknown';
}

/** An object with the same methods, each of which reports its end. All of them return promises. */
function withObservedMethods<Group extends object>(
  group: Group,
  clock: Pick<Clock, 'now'>,
  onEnd: (method: string, ms: number, end: { readonly result?: unknown; readonly error?: unknown }) => void,
): Group {
  const observed = Object.entries(group).map(([name, method]: [string, unknown]) => {
    if (typeof method !== 'function') return [name, method];
    const call = async (...args: unknown[]): Promise<unknown> => {
      const startedAt = clock.now();
      try {
        const result: unknown = await Reflect.apply(method, group, args);
        onEnd(name, clock.now() - startedAt, { result });
        return result;
      } catch (error) {
        onEnd(name, clock.now() - startedAt, { error });
        throw error;
      }
    };
    return [name, call];
  });
  return Object.fromEntries(observed) as Group;
}

type Queues = DaemonDeps['clearml']['queues'];
type Tasks = DaemonDeps['clearml']['tasks'];

function watchQueues(queues: Queues, { histories }: Watching): Queues {
  return {
    ...queues,
    async returnToQueue(queue, task) {
      const isAdded = await queues.returnToQueue(queue, task);
      histories.ending(task, { isReturned: true, why: '' });
      return isAdded;
    },
  };
}

function watchTasks(tasks: Tasks, { histories }: Watching): Tasks {
  async function ending(id: TaskId, why: string, change: Promise<void>): Promise<void> {
    await change;
    histories.ending(id, { isReturned: false, why });
  }

  return {
    ...tasks,
    async get(id) {
      const read = await tasks.get(id);
      if (read !== undefined) histories.named(read.task);
      return read;
    },
    fail: (id, note, options) => ending(id, note.message, tasks.fail(id, note, options)),
    stop: (id, note, options) => ending(id, note.message, tasks.stop(id, note, options)),
    complete: (id, note) => ending(id, '', tasks.complete(id, note)),
    dequeue: (id, note) => ending(id, note.reason, tasks.dequeue(id, note)),
  };
}

function watchSubmissions(scheduler: Scheduler, { journal }: DaemonDeps, { emit }: Watching): Scheduler {
  return {
    ...scheduler,
    async submit(submission) {
      const outcome = await scheduler.submit(submission);
      const task = parseJobName(submission.jobName)?.taskId as TaskId | undefined;
      const queue = task === undefined ? undefined : journal.entries.get(task)?.queueName;
      emit({ kind: 'submitted', queue: queue ?? '', outcome: outcome.kind });
      return outcome;
    },
  };
}

function watchJournal(
  journal: Journal,
  { clock }: DaemonDeps,
  { histories, journalFailed, lastSeen }: Watching,
): DaemonDeps['journal'] {
  async function noting<Result>(work: Promise<Result>): Promise<Result> {
    try {
      const result = await work;
      journalFailed(undefined);
      return result;
    } catch (error) {
      journalFailed(error);
      throw error;
    }
  }

  return {
    ...journal,
    async write(entry) {
      const before = journal.entries.get(entry.task);
      await noting(journal.write(entry));
      histories.written(entry, before, clock.now());
    },
    async forget(task) {
      const before = journal.entries.get(task);
      await noting(journal.forget(task));
      if (before !== undefined) histories.forgotten(before, lastSeen(task), clock.now());
    },
  };
}
