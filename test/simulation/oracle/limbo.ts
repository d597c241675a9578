// Limbo: a task that a daemon has popped and nobody has in any queue, though all goes well: it must be brought on at once.
import type { World } from '../world.ts';
import { named, type ExpectedEnds } from './expected-ends.ts';

export interface Limbo {
  /** Something went wrong: it may take a while from now on. */
  disturb(): void;
  look(history: ExpectedEnds): void;
}

/** A daemon that starts looks at once, and then every few seconds. It finds what nobody has written down only later. */
const LONGEST_MS = 45_000;
/** A daemon that is killed again while it sets something right leaves that to be found in a minute. */
const MOST_DISTURBED = 2;

export function createLimbo({ server, cluster, tasks, clock, daemons }: World): Limbo {
  const waits = new Map<string, { since: number; disturbed: number }>();
  return {
    disturb() {
      for (const [task, { disturbed }] of waits) waits.set(task, { since: clock.now(), disturbed: disturbed + 1 });
    },
    look(history) {
      if (!daemons.some(({ running }) => running !== undefined)) return;
      const waiting = new Set(server.store.queues.all().flatMap(({ entries }) => entries.map(({ task }) => task)));
      for (const task of tasks) {
        const isQueued = server.store.tasks.get(task)?.status === 'queued';
        if (!isQueued || waiting.has(task) || cluster.jobs.some((job) => job.task === task)) {
          waits.delete(task);
          continue;
        }
        const wait = waits.get(task);
        if (wait === undefined) waits.set(task, { since: clock.now(), disturbed: 0 });
        else if (wait.disturbed <= MOST_DISTURBED && clock.now() - wait.since > LONGEST_MS) {
          const says = `${named(task)} waits in no queue, and no daemon brings it on`;
          history.report({ kind: 'lost', task, says });
        }
      }
    },
  };
}
