// Keeps the rows of active tasks from one poll to the next: only those of which something has changed are formed again.
import type { TaskId } from '../../clearml/ids.ts';
import type { Job } from '../../slurm/scheduler.ts';
import { compareRows, taskReader, type Polled } from '../status/list-status-rows.ts';
import { statusRow, type KnownTask, type StatusRow } from '../status/status-row.ts';

interface RememberedRows {
  /** What `activeRows` returns. A row that is equal to the last one of its task is the same object, and without a change, so is the array. */
  rows(ids: ReadonlySet<TaskId>, polled: Polled, now: number): readonly StatusRow[];
}

/** What the row was formed from. */
type Remembered = { -readonly [Key in keyof KnownTask]: KnownTask[Key] } & { row: StatusRow };

export function rememberRows(): RememberedRows {
  const remembered = new Map<TaskId, Remembered>();
  let sorted: readonly StatusRow[] = [];
  let readAt = -Infinity;

  /** Whether the row of the task is another one than before. */
  function update(known: KnownTask, now: number): boolean {
    const before = remembered.get(known.id);
    // If the clock was set back, a start that had passed may be expected again.
    if (before !== undefined && now >= readAt && isValid(before, now) && isSame(before, known)) {
      // Each poll has other objects for the same jobs: the old ones would take as much memory again.
      before.jobs = known.jobs;
      return false;
    }
    const row = statusRow(known, now);
    const isEqual = before !== undefined && isEqualRow(before.row, row);
    remembered.set(known.id, { ...known, row: isEqual ? before.row : row });
    return !isEqual;
  }

  return {
    rows(ids, polled, now) {
      let isChanged = false;
      const read = taskReader(polled);
      for (const id of ids) if (update(read(id), now)) isChanged = true;
      readAt = now;
      if (remembered.size > ids.size) {
        isChanged = true;
        for (const id of remembered.keys()) if (!ids.has(id)) remembered.delete(id);
      }
      if (isChanged) sorted = [...remembered.values()].map(({ row }) => row).sort(compareRows);
      return sorted;
    },
  };
}

/** A row shows Slurm's estimate of the start, and explains with it, only until then. */
function isValid({ row }: Remembered, now: number): boolean {
  return row.startsAt === undefined || now < row.startsAt;
}

function isSame(before: Remembered, known: KnownTask): boolean {
  return (
    before.entry === known.entry &&
    before.task === known.task &&
    before.queueName === known.queueName &&
    before.hasResponded.clearml === known.hasResponded.clearml &&
    before.hasResponded.slurm === known.hasResponded.slurm &&
    before.jobs.length === known.jobs.length &&
    before.jobs.every((job, index) => isSameJob(job, known.jobs[index]))
  );
}

/** Written out, because it is called for each job of each poll. */
export function isSameJob(before: Job, job: Job | undefined): boolean {
  return (
    job !== undefined &&
    before.id === job.id &&
    before.name === job.name &&
    before.state === job.state &&
    before.stateWord === job.stateWord &&
    before.reason === job.reason &&
    before.partition === job.partition &&
    before.nodes === job.nodes &&
    before.submittedAt === job.submittedAt &&
    before.startAt === job.startAt &&
    before.endedAt === job.endedAt &&
    before.isOthers === job.isOthers &&
    before.unixUser === job.unixUser
  );
}

function isEqualRow(before: StatusRow, row: StatusRow): boolean {
  const names = Object.keys(row) as (keyof StatusRow)[];
  return names.every((name) => before[name] === row[name]);
}
