// The steps of each active task, from what the daemon journals, does and polls; kept in memory.
import type { TaskId } from '../../clearml/ids.ts';
import type { Task } from '../../clearml/task.ts';
import { limitText } from '../../base/truncate-text.ts';
import { createBoundedMap } from '../../base/bounded-map.ts';
import { isLive, isWaiting } from '../../slurm/job-state.ts';
import { isNewWait, whatItWaitsFor } from '../../slurm/reasons/explain-wait.ts';
import type { Job } from '../../slurm/scheduler.ts';
import { describeReason, describeStart } from '../console/console-messages.ts';
import { explainEnd } from '../end/history-cause.ts';
import type { Entry } from '../journal/entry.ts';
import { attemptKey, type CauseOfEnd, type EndedAttempt } from '../../history/ended-attempt.ts';
import type { DaemonEvent } from './daemon-events.ts';

export interface Step {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly text: string;
}

/** Of the entry when it had this job: its attempt may be a later one by now. */
export type JobIdentity = Pick<Entry, 'attempt' | 'unixUser' | 'isOthersJob'>;

/** An active task, or one that has ended. */
export interface TaskSteps {
  readonly task: TaskId;
  readonly queue: string;
  readonly name: string | undefined;
  readonly owner: string | undefined;
  readonly job: string | undefined;
  /** Identifies that job with its task: Slurm reuses ids. */
  readonly identity: JobIdentity;
  readonly enqueuedAt: number | undefined;
  readonly submittedAt: number | undefined;
  readonly startedAt: number | undefined;
  readonly steps: readonly Step[];
  readonly end: TaskEnd | undefined;
}

export interface TaskEnd {
  readonly at: number;
  readonly cause: CauseOfEnd;
  /** The message or reason from the server; empty after success. */
  readonly why: string;
}

type Mutable = { -readonly [Key in keyof TaskSteps]: TaskSteps[Key] } & {
  steps: Step[];
  /** What the daemon did to the task before it forgot it. */
  ending: { isReturned: boolean; why: string } | undefined;
  /** Of the last attempt that is over. */
  cause: CauseOfEnd | undefined;
  /** What its job waits for, or `running`. */
  state: string | undefined;
};

export interface StepsOfTasks {
  /** Call it when the entry is on disk. @param before the entry until then */
  written(entry: Entry, before: Entry | undefined, now: number): void;
  /** Notes what the daemon does to a task, which the forgetting of its entry then explains. */
  ending(task: TaskId, ending: { readonly isReturned: boolean; readonly why: string }): void;
  /** Call it when the history records the end of an attempt; repeated records of one attempt count once. */
  recorded(attempt: EndedAttempt): void;
  named(task: Pick<Task, 'id' | 'name' | 'user'>): void;
  /** Call it when the entry is forgotten. @param task as last polled */
  forgotten(entry: Entry, task: Task | undefined, now: number): void;
  /** Call it with each poll. @param print equal to the last one if no job and no task has changed */
  polled(
    entries: ReadonlyMap<TaskId, Entry>,
    jobs: ReadonlyMap<TaskId, readonly Job[]>,
    tasks: ReadonlyMap<TaskId, Task>,
    poll: { readonly now: number; readonly print: number },
  ): void;
  active(): Iterable<TaskSteps>;
  find(task: string): TaskSteps | undefined;
  /** The latest last. */
  ended(): readonly TaskSteps[];
  /** Grows whenever something may have changed. */
  changes(): number;
}

/** Keeps nothing: without a status page, no user sees the steps. */
export const NO_STEPS: StepsOfTasks = {
  written: () => undefined,
  ending: () => undefined,
  recorded: () => undefined,
  named: () => undefined,
  forgotten: () => undefined,
  polled: () => undefined,
  active: () => [],
  find: () => undefined,
  ended: () => [],
  changes: () => 0,
};

/** A task whose job is requeued for ever must not fill the memory. */
const MAX_STEPS = 60;

/** How the state of a waiting job begins. */
const WAITS = 'waits ';

/** Ended tasks that are kept. */
const MAX_ENDED = 500;
const MAX_RECORDED = 10_000;

/** @param since when the monitor began: earlier starts of jobs are no news, as the last run of the daemon has reported them */
export function recordTaskSteps(emit: (event: DaemonEvent) => void, since: number): StepsOfTasks {
  const active = new Map<TaskId, Mutable>();
  const ended: TaskSteps[] = [];
  /** Tasks that were returned to their queue: when they are claimed again, their wait continues. */
  const returned = createBoundedMap<Mutable | undefined>(MAX_ENDED);
  const recorded = createBoundedMap<true>(MAX_RECORDED);
  /** Of the last poll; undefined if an entry has changed since. Most polls change nothing, and with 5,000 tasks, steps take a tenth of the pass. */
  let seen: number | undefined;
  let changes = 0;

  function open(entry: Entry): Mutable {
    const { task, queueName, queuedAt, firstAttemptAt, origin } = entry;
    const known = active.get(task);
    if (known !== undefined) return known;
    const back = returned.get(task);
    if (back !== undefined) {
      returned.set(task, undefined);
      active.set(task, back);
      return back;
    }
    const made: Mutable = {
      task,
      queue: queueName,
      name: undefined,
      owner: undefined,
      job: undefined,
      identity: {},
      enqueuedAt: queuedAt ?? origin?.enqueuedAt ?? firstAttemptAt,
      submittedAt: undefined,
      startedAt: undefined,
      steps: queuedAt === undefined ? [] : [{ at: queuedAt, text: `Enqueued in "${queueName}".` }],
      end: undefined,
      ending: undefined,
      state: undefined,
      cause: undefined,
    };
    active.set(task, made);
    noteIdentity(made, entry);
    return made;
  }

  function noteIdentity(history: Mutable, { jobId, attempt, unixUser, isOthersJob }: Entry): void {
    if (jobId === undefined) return;
    history.job = jobId;
    history.identity = { attempt, unixUser, isOthersJob };
  }

  function add(history: Mutable, at: number, text: string): void {
    if (history.steps.length >= MAX_STEPS) history.steps.splice(1, 1);
    // Slurm's times are whole seconds, by its own clock.
    history.steps.push({ at: Math.max(at, history.steps.at(-1)?.at ?? at), text });
  }

  function noteJob(history: Mutable, job: Job, now: number): void {
    history.submittedAt ??= job.submittedAt;
    if (isWaiting(job)) {
      const shown = history.state?.startsWith(WAITS) === true ? history.state.slice(WAITS.length) : undefined;
      if (!isNewWait(job, shown)) return;
      if (history.state === 'running') add(history, now, `Slurm requeued job ${job.id}.`);
      history.state = `${WAITS}${whatItWaitsFor(job)}`;
      add(history, now, `Job ${job.id} waits: ${describeReason(job, now)}`);
      return;
    }
    if (job.startAt === undefined || history.state === 'running') return;
    const isFirst = history.startedAt === undefined;
    history.state = 'running';
    history.startedAt = job.startAt;
    add(history, job.startAt, describeStart(job, !isFirst));
    if (!isFirst || job.startAt < since) return;
    const waitMs = history.enqueuedAt === undefined ? undefined : Math.max(0, job.startAt - history.enqueuedAt);
    emit({ kind: 'started', queue: history.queue, waitMs });
  }

  return {
    written(entry, before, now) {
      changes += 1;
      seen = undefined;
      const isNew = !active.has(entry.task);
      const history = open(entry);
      noteIdentity(history, entry);
      history.owner = entry.origin?.userName ?? history.owner;
      if (entry.step === before?.step && entry.attempt === before.attempt) return;
      switch (entry.step) {
        case 'claiming':
          // Only the next step shows that the claim succeeded.
          return;
        case 'parking':
          if (before?.step === 'claiming') emit({ kind: 'claimed', queue: history.queue });
          add(history, now, 'Claimed; parked in the scheduler queue.');
          return;
        case 'submitting':
          // They were those of the last attempt.
          history.submittedAt = undefined;
          history.startedAt = undefined;
          add(
            history,
            now,
            entry.attempts > 1 ? `Passed to sbatch again (attempt ${entry.attempts}).` : 'Passed to sbatch.',
          );
          return;
        case 'following':
          history.state = undefined;
          add(
            history,
            now,
            isNew ? `Adopted${ofJob(entry)}.` : `Submitted as Slurm job ${entry.jobId ?? '(id unknown)'}.`,
          );
          return;
        case 'orphaned':
          add(history, now, 'Found in no queue.');
      }
    },

    ending(task, ending) {
      const history = active.get(task);
      if (history !== undefined) history.ending = ending;
    },

    recorded(attempt) {
      const history = active.get(attempt.task as TaskId);
      if (history !== undefined) history.cause = attempt.cause;
      const key = attemptKey(attempt);
      if (recorded.get(key) === true) return;
      recorded.set(key, true);
      emit({ kind: 'ended', queue: attempt.queue, attempt });
    },

    named(task) {
      const history = active.get(task.id);
      if (history === undefined) return;
      changes += 1;
      noteName(history, task);
    },

    forgotten(entry, task, now) {
      changes += 1;
      const history = active.get(entry.task);
      if (history === undefined) return;
      active.delete(entry.task);
      // The claim was lost to another daemon.
      if (entry.step === 'claiming') return;
      if (task !== undefined) noteName(history, task);
      const { ending, cause } = history;
      history.ending = undefined;
      if (ending?.isReturned === true) {
        add(history, now, 'Returned to the front of its queue.');
        returned.set(entry.task, history);
        emit({ kind: 'returned', queue: history.queue });
        return;
      }
      // Without a record, the task continues without this daemon.
      if (cause === undefined || cause === 'retried') return;
      const whole = ending?.why ?? (cause === 'completed' || task === undefined ? '' : explainEnd(cause, task));
      const why = limitText(whole, 'message');
      add(history, now, `Ended: ${cause}${why === '' ? '.' : `. ${why}`}`);
      const { ending: _ending, state: _state, cause: _cause, ...kept } = history;
      ended.push({ ...kept, end: { at: now, cause, why } });
      if (ended.length > MAX_ENDED) ended.shift();
    },

    polled(entries, jobs, tasks, { now, print }) {
      if (print === seen && entries.size === active.size) return;
      seen = print;
      changes += 1;
      for (const entry of entries.values()) {
        const history = open(entry);
        const task = tasks.get(entry.task);
        if (task !== undefined && history.name === undefined) noteName(history, task);
        const job = jobs.get(entry.task)?.find(({ id }) => id === entry.jobId);
        if (job !== undefined && (isLive(job.state) || history.startedAt === undefined)) noteJob(history, job, now);
      }
    },

    active: () => active.values(),
    find: (task) => active.get(task as TaskId) ?? ended.findLast((one) => one.task === task),
    ended: () => ended,
    changes: () => changes,
  };
}

function noteName(history: Mutable, { name, user }: Pick<Task, 'name' | 'user'>): void {
  history.name = limitText(name, 'name');
  history.owner ??= user;
}

function ofJob({ jobId }: Entry): string {
  return jobId === undefined ? '' : `, with Slurm job ${jobId}`;
}
