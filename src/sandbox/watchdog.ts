// The real server's watchdog: running tasks that nothing was heard of for two hours are stopped; waiting ones never.
import { formatInstant, readInstant } from './instant.ts';
import type { Store } from './store.ts';

/** `services.tasks.non_responsive_tasks_watchdog` of the real server. */
const WATCHDOG_INTERVAL_MS = 900_000;
const WATCHDOG_THRESHOLD_MS = 7_200_000;

const REASON = 'Forced stop (non-responsive)';

/**
 * Does what the watchdog would have done by now. It is called before each request, so that nobody can see a moment in
 * which it is late; no timer is needed for that.
 */
export function runWatchdog(store: Store, nowAt: number): void {
  const { watchdogAt } = store.settings();
  const rounds = Math.floor((nowAt - watchdogAt) / WATCHDOG_INTERVAL_MS);
  if (rounds < 1) return;
  const lookedAt = watchdogAt + rounds * WATCHDOG_INTERVAL_MS;
  store.changeSettings({ watchdogAt: lookedAt });
  const now = formatInstant(lookedAt);
  for (const task of store.tasks.all()) {
    const updatedAt = readInstant(task.last_update) ?? lookedAt;
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
