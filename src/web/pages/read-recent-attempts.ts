// The attempts of the last 30 days that are over, read from the history at the first request and kept up to date from then on.
import { elapsedMs } from '../../base/past-time.ts';
import { attemptKey, type EndedAttempt } from '../../history/ended-attempt.ts';
import { readHistory } from '../../history/read-history.ts';
import type { Monitor } from '../../daemon/monitor/monitor.ts';

/** What the pages show of an attempt. */
export interface PastAttempt extends Pick<
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
> {
  /** When it was recorded, if its end is unknown. */
  readonly endedAt: number;
}

export interface AttemptLog {
  /** Oldest first. The history that could not be read is missing. */
  read(): Promise<readonly PastAttempt[]>;
}

const DAY_MS = 86_400_000;
const DAYS_30_MS = 30 * DAY_MS;

export function createAttemptLog(monitor: Pick<Monitor, 'clusters' | 'onEvent'>, now: () => number): AttemptLog {
  const attempts = new Map<string, PastAttempt>();
  let loading: Promise<void> | undefined;
  let sorted: readonly PastAttempt[] | undefined;
  let forgottenAt = now();

  monitor.onEvent((event) => {
    // Before the first request, the history has them.
    if (event.kind !== 'ended' || loading === undefined) return;
    add(event.attempt);
    forgetDaily();
  });

  /** Without an open page, nothing reads them for months. */
  function forgetDaily(): void {
    if (elapsedMs(forgottenAt, now()) >= DAY_MS) forgetOld();
  }

  function forgetOld(): void {
    forgottenAt = now();
    for (const [key, { recordedAt }] of attempts) if (recordedAt < forgottenAt - DAYS_30_MS) attempts.delete(key);
  }

  function add(attempt: EndedAttempt): void {
    const { task, job, cluster, queue, cause, userName, recordedAt, enqueuedAt, submittedAt, startedAt } = attempt;
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
      endedAt: attempt.endedAt ?? recordedAt,
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
      forgetOld();
      sorted = [...attempts.values()].sort((a, b) => a.recordedAt - b.recordedAt);
      return sorted;
    },
  };
}
