// Strays: tasks of ours that the journal does not know (it was lost, or another daemon died), found again from ClearML and Slurm.
import type { TaskId } from '../clearml/ids.ts';
import { forEach } from './each-task.ts';
import type { Entry } from './entry.ts';
import { findStrays, type Stray } from './find-strays.ts';
import type { Glue, ServedQueue } from './glue.ts';
import { findLiveJob, type View } from './look.ts';

/** Looks for strays and takes them in. `everywhere` also asks for orphans among all tasks of our queues, which costs a call more. */
export async function takeInStrays(glue: Glue, view: View, { everywhere }: { everywhere: boolean }): Promise<void> {
  const known = new Set([...glue.journal.entries.keys(), ...glue.busy]);
  const named = new Set<TaskId>();
  for (const task of view.jobs.keys()) if (!known.has(task) && findLiveJob(view, task) !== undefined) named.add(task);
  const parked = view.queues.find(({ id }) => id === glue.schedulerQueue)?.entries ?? [];
  for (const { task } of parked) if (!known.has(task)) named.add(task);

  const tasks = new Map(await glue.clearml.tasks.read([...named]));
  if (everywhere) {
    const ours = glue.queues.map(({ id }) => id);
    for (const task of await glue.clearml.tasks.find({ statuses: ['queued', 'in_progress'], queues: ours }))
      tasks.set(task.id, task);
  }
  const { queues, schedulerQueue, worker, adoptMs } = glue;
  const strays = findStrays({ view, tasks, known, queues, schedulerQueue, worker, adoptMs });
  await forEach(glue, strays, (stray) => takeIn(glue, stray));
}

async function takeIn(glue: Glue, stray: Stray): Promise<void> {
  glue.log.info('Found a task that nobody followed', { task: stray.task, what: stray.kind });
  switch (stray.kind) {
    case 'job':
    case 'was ours':
      return glue.journal.write({
        ...newEntry(glue, stray.task, stray.queue),
        jobId: stray.jobId,
        ...(stray.kind === 'job' ? { attempt: stray.attempt } : {}),
      });
    case 'parked':
      return glue.journal.write({ ...newEntry(glue, stray.task, stray.queue), step: 'parking' });
    case 'orphan':
      return glue.journal.write({
        ...newEntry(glue, stray.task, stray.queue),
        step: 'orphaned',
        queuedAt: stray.statusChanged,
      });
    case 'stale entry':
      await glue.clearml.queues.take(glue.schedulerQueue, stray.task);
      return;
    case 'pointless job':
      return glue.scheduler.cancel([stray.jobId]);
  }
}

function newEntry(glue: Glue, task: TaskId, queue: ServedQueue): Entry {
  const now = glue.clock.now();
  return {
    task,
    queue: queue.id,
    queueName: queue.name,
    step: 'following',
    stepAt: now,
    attempts: 1,
    firstAttemptAt: now - LOOK_BACK_MS,
    told: {},
  };
}

/** How far back accounting is searched for the job of a task whose submission nobody remembers. */
const LOOK_BACK_MS = 30 * 24 * 3_600_000;
