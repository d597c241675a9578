// Taking tasks: heads of queues are claimed one by one, and brought to Slurm a few at a time.
import type { Queue, QueueEntry, QueueList } from '../../clearml/client.ts';
import { ServerUnreachableError } from '../../clearml/errors.ts';
import type { QueueId, TaskId } from '../../clearml/ids.ts';
import { parkAndSubmit, chooseHead, claim, type Head } from './claim.ts';
import { MAX_TRACKED, type Entry } from '../journal/entry.ts';
import type { DaemonDeps, ServedQueue } from '../deps.ts';
import { findLiveJob, type Snapshot } from '../poll/poll.ts';
import type { Backoff } from '../submit/backoff.ts';
import { cachePeople } from './people-cache.ts';
import type { SubmissionPool } from '../submit/submission-pool.ts';

/** Claims of one reading of the queues before they are read again: a task of higher priority waits no longer than that. */
const CLAIMS_PER_READING = 50;

/** So many in a row that can't be claimed, as no usable response comes, mean that ClearML is away. One may be about that task. */
const AWAY_AFTER = 3;

export interface TaskClaimer {
  /** Takes tasks until the queues are empty, the cluster is full, or the time is up. Returns how many were claimed. */
  claimTasks(snapshot: Snapshot, limits: { readonly until: number; readonly signal: AbortSignal }): Promise<number>;
}

export function createTaskClaimer(deps: DaemonDeps, pool: SubmissionPool, backoff: Backoff): TaskClaimer {
  let lastServed: ServedQueue | undefined;

  return {
    async claimTasks(snapshot, { until, signal }) {
      const mayGoOn = (): boolean =>
        !signal.aborted &&
        deps.clock.now() < until &&
        deps.clock.now() >= backoff.until() &&
        deps.journal.entries.size < MAX_TRACKED;
      let claimed = 0;
      let unanswered = 0;
      /** Left for a later round: what became of their claim is not known. */
      const passed = new Set<TaskId>();

      /** Undefined when somebody else was first, or it is not known. */
      async function claimHead(head: Head): Promise<Entry | undefined> {
        const { task } = head.entry;
        try {
          const entry = await claim(deps, head);
          unanswered = 0;
          return entry;
        } catch (error) {
          unanswered += 1;
          if (!(error instanceof ServerUnreachableError) || unanswered >= AWAY_AFTER) throw error;
          deps.log.warn('Claim failed; continuing with the next task of the queue', {
            task,
            queue: head.queue.name,
            err: error,
          });
          passed.add(task);
          return undefined;
        }
      }

      while (mayGoOn()) {
        const read = await deps.clearml.queues.read(deps.queues.map(({ id }) => id));
        warnOfMissing(deps, read);
        const waiting = new Map(read.queues.map(({ id, entries }) => [id, entries]));
        const skip = findUnclaimable(deps, snapshot, read.queues);
        const clearml = { ...deps.clearml, people: cachePeople(deps.clearml.people) };

        for (let claims = 0; ; claims += 1) {
          await pool.waitForSlot(until, signal);
          if (!mayGoOn() || !pool.hasFreeSlot()) return claimed;
          if (claims === CLAIMS_PER_READING) break;
          const after = deps.orderFairness ? lastServed : undefined;
          const head = chooseHead(deps.queues, waiting, { after, skip, passed });
          if (head === undefined) return claimed;

          const { queue } = head;
          lastServed = queue;
          const entry = await claimHead(head);
          // What may still be there keeps those behind it from being popped.
          if (!passed.has(head.entry.task)) drop(waiting, head);
          if (entry === undefined) continue;
          deps.log.info('Claimed', { task: entry.task, queue: queue.name });
          skip.add(entry.task);
          pool.start(entry, () => parkAndSubmit({ ...deps, clearml }, entry, { queue, isParked: false }));
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
function findUnclaimable({ journal }: DaemonDeps, snapshot: Snapshot, queues: readonly Queue[]): Set<TaskId> {
  const waiting = queues.flatMap(({ entries }) => entries.map(({ task }) => task));
  return new Set(waiting.filter((task) => journal.entries.has(task) || findLiveJob(snapshot, task) !== undefined));
}

function warnOfMissing(deps: DaemonDeps, { queues, isWhole }: QueueList): void {
  if (!isWhole) return;
  for (const { id, name } of deps.queues) {
    if (!queues.some((queue) => queue.id === id)) {
      deps.log.warn('A served queue no longer exists; create it again, or restart with other queues', {
        queue: name,
      });
    }
  }
}
