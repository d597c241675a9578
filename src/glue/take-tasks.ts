// Taking tasks: heads of queues are claimed one by one, and brought to Slurm a few at a time.
import type { Entry } from './entry.ts';
import { bringToSlurm, chooseHead, claim } from './claim.ts';
import type { Glue, ServedQueue } from './glue.ts';
import type { Pause } from './pause.ts';
import { hasLiveJob, type View } from './follow.ts';

/** So many sbatch at a time: more are not faster (the controller takes one at a time) and starve the polls. */
const AT_ONCE = 4;

/** Claims of one reading of the queues before they are read again: a task of higher priority waits no longer than that. */
const CLAIMS_PER_READING = 50;

export interface TakeTasks {
  /** Takes tasks until the queues are empty, the cluster is full, or the signal comes. Returns how many were claimed. */
  round(view: View, signal: AbortSignal): Promise<number>;
  /** Waits for submissions under way. */
  finish(): Promise<void>;
}

export function createTakeTasks(glue: Glue, pause: Pause): TakeTasks {
  const underWay = new Set<Promise<void>>();
  let lastServed: ServedQueue | undefined;

  /** The rest of the task's way, beside the claiming of others. */
  function bring(entry: Entry, queue: ServedQueue): void {
    glue.busy.add(entry.task);
    const way = bringToSlurm(glue, entry, queue)
      .then((result) => {
        if (result === 'done') pause.accepted();
        else pause.refused(glue.clock.now());
      })
      .catch((error: unknown) => {
        // Its journal entry stands: it goes on from there in a later round.
        glue.log.warn('The task did not get to Slurm yet', { task: entry.task, queue: entry.queueName, err: error });
      })
      .finally(() => {
        glue.busy.delete(entry.task);
        underWay.delete(way);
      });
    underWay.add(way);
  }

  /** Claims from one reading of the queues; false when nothing was left to claim. */
  async function claimSome(view: View, signal: AbortSignal, claimed: () => void): Promise<boolean> {
    const read = await glue.clearml.queues.read(glue.queues.map(({ id }) => id));
    const waiting = new Map(read.map((queue) => [queue.id, queue.entries.map(({ task }) => task)]));
    const skip = notNow(glue, view);

    for (let claims = 0; claims < CLAIMS_PER_READING; claims += 1) {
      if (signal.aborted || glue.clock.now() < pause.until()) return false;
      const head = chooseHead(glue.queues, waiting, { after: glue.orderFairness ? lastServed : undefined, skip });
      if (head === undefined) return claims > 0;
      while (underWay.size >= AT_ONCE) await Promise.race(underWay);
      waiting.get(head.queue.id)?.shift();
      lastServed = head.queue;
      const entry = await claim(glue, head);
      if (entry === undefined) continue;
      glue.log.info('Taken', { task: head.task, queue: head.queue.name });
      bring(entry, head.queue);
      claimed();
    }
    return true;
  }

  return {
    async round(view, signal) {
      let count = 0;
      while (await claimSome(view, signal, () => (count += 1)));
      return count;
    },
    async finish() {
      await Promise.all(underWay);
    },
  };
}

/** Tasks that wait at a head but are not to be taken yet: an old job of theirs may still run. */
function notNow(glue: Glue, view: View): ReadonlySet<Entry['task']> {
  const skip = new Set<Entry['task']>(glue.journal.entries.keys());
  for (const task of view.jobs.keys()) if (hasLiveJob(view, task)) skip.add(task);
  return skip;
}
