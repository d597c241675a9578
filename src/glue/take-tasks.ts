// Taking tasks: heads of queues are claimed one by one, and brought to Slurm a few at a time.
import type { Queue } from '../clearml/client.ts';
import type { TaskId } from '../clearml/ids.ts';
import { bringToSlurm, chooseHead, claim } from './claim.ts';
import type { Glue, ServedQueue } from './glue.ts';
import { findLiveJob, type View } from './look.ts';
import type { Backoff } from './backoff.ts';
import { rememberPeople } from './people-of-a-reading.ts';
import type { Ways } from './ways.ts';

/** Claims of one reading of the queues before they are read again: a task of higher priority waits no longer than that. */
const CLAIMS_PER_READING = 50;

export interface TakeTasks {
  /** Takes tasks until the queues are empty, the cluster is full, or the time is up. Returns how many were claimed. */
  round(view: View, limits: { readonly until: number; readonly signal: AbortSignal }): Promise<number>;
}

export function createTakeTasks(glue: Glue, ways: Ways, pause: Backoff): TakeTasks {
  let lastServed: ServedQueue | undefined;

  return {
    async round(view, { until, signal }) {
      const mayGoOn = (): boolean => !signal.aborted && glue.clock.now() < until && glue.clock.now() >= pause.until();
      let claimed = 0;

      while (mayGoOn()) {
        const read = await glue.clearml.queues.read(glue.queues.map(({ id }) => id));
        warnOfMissing(glue, read);
        const waiting = new Map(read.map(({ id, entries }) => [id, [...entries]]));
        const skip = notNow(glue, view, read);
        const clearml = { ...glue.clearml, people: rememberPeople(glue.clearml.people) };

        for (let claims = 0; ; claims += 1) {
          await ways.waitForRoom(until, signal);
          if (!mayGoOn() || !ways.hasRoom()) return claimed;
          if (claims === CLAIMS_PER_READING) break;
          const head = chooseHead(glue.queues, waiting, { after: glue.orderFairness ? lastServed : undefined, skip });
          if (head === undefined) return claimed;

          const { queue } = head;
          lastServed = queue;
          waiting.get(queue.id)?.shift();
          const entry = await claim(glue, head);
          if (entry === undefined) continue;
          glue.log.info('Taken', { task: entry.task, queue: queue.name });
          skip.add(entry.task);
          ways.begin(entry, () => bringToSlurm({ ...glue, clearml }, entry, { queue, isParked: false }));
          claimed += 1;
        }
      }
      return claimed;
    },
  };
}

/** Tasks that wait at a head but are not to be taken yet: we are still busy with them, or an old job of theirs may still run. */
function notNow({ journal }: Glue, view: View, queues: readonly Queue[]): Set<TaskId> {
  const waiting = queues.flatMap(({ entries }) => entries.map(({ task }) => task));
  return new Set(waiting.filter((task) => journal.entries.has(task) || findLiveJob(view, task) !== undefined));
}

function warnOfMissing(glue: Glue, read: readonly { readonly id: ServedQueue['id'] }[]): void {
  for (const { id, name } of glue.queues) {
    if (!read.some((queue) => queue.id === id)) {
      glue.log.warn('A queue that is to be served no longer exists; start again with other queues, or make it anew', {
        queue: name,
      });
    }
  }
}
