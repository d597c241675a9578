// The job's own clearml.conf in the shared folder: removed when the job is over, whatever became of it.
import { removeFiles } from '../host/files.ts';
import { formatJobName } from '../slurm/job-name.ts';
import type { Entry } from './entry.ts';
import type { Glue } from './glue.ts';
import { sharedConfPath } from './render-task.ts';

/** Removes what the shared folder holds for the newest attempt. The job can't: Slurm may put it back and start it again. */
export async function removeJobConf(glue: Glue, entry: Entry): Promise<void> {
  if (glue.job.sharedDir === undefined || entry.attempt === undefined) return;
  try {
    await removeFiles(glue.host, [sharedConfPath(glue.job.sharedDir, formatJobName(entry.task, entry.attempt))]);
  } catch (error) {
    glue.log.warn("The job's clearml.conf could not be removed from the shared folder", {
      task: entry.task,
      err: error,
    });
  }
}
