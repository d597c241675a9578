// Taking tasks: heads of queues are claimed one by one, and brought to Slurm a few at a time.
import type { Queue, QueueEntry, QueueList } from '../../clearml/client.ts';
import { ServerUnreachable } from '../../clearml/errors.ts';
import type { QueueId, TaskId } from '../../clearml/ids.ts';
import { bringToSlurm, chooseHead, claim, type Head } from './claim.ts';
import { MOST_FOLLOWED, type Entry } from '../journal/entry.ts';
import type { Glue, ServedQueue } from '../deps.ts';
import { findLiveJob, type View } from '../poll/poll.ts';
import type { Backoff } from '../submit/backoff.ts';
import { rememberPeople } from './people-cache.ts';
import type { Ways } from '../submit/submission-pool.ts';

/** Claims of one reading of the queues before they are read again: a task of higher priority waits no longer than that. */
const CLAIMS_PER_READING = 50;

/** So many in a row that can't be claimed, as no usable answer comes, mean that ClearML is away. One may be about that task. */
const AWAY_AFTER = 3;

export interface TakeTasks {
  /** Takes tasks until the queues are empty, the cluster is full, or the time is up. Returns how many were claimed. */
  round(view: View, limits: { readonly until: number; readonly signal: AbortSignal }): Promise<number>;
}

export function createTakeTasks(glue: Glue, ways: Ways, pause: Backoff): TakeTasks {
  let lastServed: ServedQueue | undefined;

  return {
    async round(view, { until, signal }) {
      const mayGoOn = (): boolean =>
        !signal.aborted &&
        glue.clock.now() < until &&
        glue.clock.now() >= pause.until() &&
        glue.journal.entries.size < MOST_FOLLOWED;
      let claimed = 0;
      let unanswered = 0;
      /** Left for a later round: what became of their claim is not known. */
      const passed = new Set<TaskId>();

      /** Undefined when somebody else was first, or it is not known. */
      async function tryClaim(head: Head): Promise<Entry | undefined> {
        const { task } = head.entry;
        try {
          const entry = await claim(glue, head);
          unanswered = 0;
          return entry;
        } catch (error) {
          unanswered += 1;
          if (!(error instanceof ServerUnreachable) || unanswered >= AWAY_AFTER) throw error;
          glue.log.warn('A task could not be claimed; its queue goes on without it', {
            task,
            queue: head.queue.name,
            err: error,
          });
          passed.add(task);
          return undefined;
        }
      }

      while (mayGoOn()) {
        const read = await glue.clearml.queues.read(glue.queues.map(({ id }) => id));
        warnOfMissing(glue, read);
        const waiting = new Map(read.queues.map(({ id, entries }) => [id, entries]));
        const skip = notNow(glue, view, read.queues);
        const clearml = { ...glue.clearml, people: rememberPeople(glue.clearml.people) };

        for (let claims = 0; ; claims += 1) {
          await ways.waitForRoom(until, signal);
          if (!mayGoOn() || !ways.hasRoom()) return claimed;
          if (claims === CLAIMS_PER_READING) break;
          const after = glue.orderFairness ? lastServed : undefined;
          const head = chooseHead(glue.queues, waiting, { after, skip, passed });
          if (head === undefined) return claimed;

          const { queue } = head;
          lastServed = queue;
          const entry = await tryClaim(head);
          // What may still be there keeps those behind it from being popped.
          if (!passed.has(head.entry.task)) drop(waiting, head);
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

function drop(waiting: Map<QueueId, readonly QueueEntry[]>, { queue, entry }: Head): void {
  const entries = waiting.get(queue.id) ?? [];
  waiting.set(
    queue.id,
    entries.filter(({ task }) => task !== entry.task),
  );
}

/** Tasks that wait at a head but are not to be taken yet: we are still busy with them, or an old job of theirs may still run. */
function notNow({ journal }: Glue, view: View, queues: readonly Queue[]): Set<TaskId> {
  const waiting = queues.flatMap(({ entries }) => entries.map(({ task }) => task));
  return new Set(waiting.filter((task) => journal.entries.has(task) || findLiveJob(view, task) !== undefined));
}

function warnOfMissing(glue: Glue, { queues, isWhole }: QueueList): void {
  if (!isWhole) return;
  for (const { id, name } of glue.queues) {
    if (!queues.some((queue) => queue.id === id)) {
      glue.log.warn('A queue that is to be served no longer exists; start again with other queues, or make it anew', {
        queue: name,
      });
    }
  }
}
