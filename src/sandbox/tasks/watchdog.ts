// The watchdog of the real server: it stops running tasks without an update for two hours, never queued ones.
import { formatInstant, parseInstant } from '../store/sandbox-clock.ts';
import type { TaskDocument } from '../store/documents.ts';
import type { Store } from '../store/store.ts';

/** `services.tasks.non_responsive_tasks_watchdog` of the real server. */
const WATCHDOG_INTERVAL_MS = 900_000;
const WATCHDOG_THRESHOLD_MS = 7_200_000;

const REASON = 'Forced stop (non-responsive)';

/**
 * Applies the watchdog up to now. It runs before each request, so that no client sees a late one, and needs no timer.
 */
export function runWatchdog(store: Store, nowAt: number): void {
  const { watchdogAt } = store.settings();
  const rounds = Math.floor((nowAt - watchdogAt) / WATCHDOG_INTERVAL_MS);
  if (rounds < 1) return;
  const lookedAt = watchdogAt + rounds * WATCHDOG_INTERVAL_MS;
  store.changeSettings({ watchdogAt: lookedAt });
  const now = formatInstant(lookedAt);
  for (const task of store.tasks.all()) {
    const updatedAt = parseInstant(task.last_update) ?? lookedAt;
    if (task.status !== 'in_progress' || lookedAt - updatedAt <= WATCHDOG_THRESHOLD_MS) continue;
    store.tasks.put({
      ...task,
      status: 'stopped',
      status_reason: REASON,
      status_message: REASON,
      status_changed: now,
      last_update: now,
      last_change: now,
      last_changed_by: '__apiserver__',
    });
  }
}

/** Whether the watchdog changed the status of the task last. */
export function isStoppedByWatchdog(task: TaskDocument | undefined): boolean {
  return task?.status_reason === REASON;
}
