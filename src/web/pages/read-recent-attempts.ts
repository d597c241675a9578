// The attempts of the last 30 days that are over, read from the history at the first request and kept up to date from then on.
import { attemptKey, type EndedAttempt } from '../../history/ended-attempt.ts';
import { readHistory } from '../../history/read-history.ts';
import type { Monitor } from '../../daemon/monitor/monitor.ts';

/** What the pages show of an attempt. */
export type PastAttempt = Pick<
  EndedAttempt,
  | 'task'
  | 'job'
  | 'cluster'
  | 'queue'
  | 'cause'
  | 'userName'
  | 'recordedAt'
  | 'enqueuedAt'
  | 'submittedAt'
  | 'startedAt'
  | 'endedAt'
>;

export interface AttemptLog {
  /** Oldest first. The history that could not be read is missing. */
  read(): Promise<readonly PastAttempt[]>;
}

const DAYS_30_MS = 30 * 86_400_000;

export function createAttemptLog(monitor: Monitor, now: () => number): AttemptLog {
  const attempts = new Map<string, PastAttempt>();
  let loading: Promise<void> | undefined;
  let sorted: readonly PastAttempt[] | undefined;

  monitor.onEvent((event) => {
    // Before the first request, the history has them.
    if (event.kind === 'ended' && loading !== undefined) add(event.attempt);
  });

  function add(attempt: EndedAttempt): void {
    const { task, job, cluster, queue, cause, userName, recordedAt, enqueuedAt, submittedAt, startedAt, endedAt } =
      attempt;
    const kept = {
      task,
      job,
      cluster,
      queue,
      cause,
      userName,
      recordedAt,
      enqueuedAt,
      submittedAt,
      startedAt,
      endedAt,
    };
    attempts.set(attemptKey(attempt), kept);
    sorted = undefined;
  }

  async function load(): Promise<void> {
    for (const { stateDir } of monitor.clusters()) {
      try {
        for await (const attempt of readHistory(stateDir, { since: now() - DAYS_30_MS })) add(attempt);
      } catch {
        // The daemon logs a history that it cannot read.
      }
    }
  }

  return {
    async read() {
      loading ??= load();
      await loading;
      if (sorted !== undefined) return sorted;
      for (const [key, { recordedAt }] of attempts) if (recordedAt < now() - DAYS_30_MS) attempts.delete(key);
      sorted = [...attempts.values()].sort((a, b) => a.recordedAt - b.recordedAt);
      return sorted;
    },
  };
}
