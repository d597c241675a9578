// Renders the job script of a task without submitting it.
import { systemClock } from '../base/clock.ts';
import { isTaskId } from '../clearml/ids.ts';
import { renderJob } from '../daemon/submit/render-job-script.ts';
import { formatJobName, MARK_LENGTH, newAttempt } from '../slurm/job-name.ts';
import { jobSettings } from '../daemon/serve/derive-names-and-job-settings.ts';
import type { Configured } from '../assembly/load-trusted-config.ts';
import { readTask, type TaskOptions } from './load-task-to-render.ts';
import { readQueues } from '../assembly/read-queue-templates.ts';
import { UsageError } from '../base/usage-error.ts';

/** @throws TemplateError, UsageError; for a task of the server, what the client throws */
export async function renderScript(options: TaskOptions, here: Configured): Promise<ReturnType<typeof renderJob>> {
  const { settings } = here.config;
  const [only, ...others] = await readQueues(settings, here.context.workingDir);
  const cluster = settings.clusters.find(({ name }) => name === only?.cluster);
  if (only === undefined || cluster === undefined || others.length > 0)
    throw new UsageError('render takes one template and at most one queue.');

  const { variables, schedulerQueue, apiServer } = await readTask(
    options,
    here,
    { queueName: only.name, cluster },
    'render',
  );
  const { id: taskId } = variables.task;
  if (!isTaskId(taskId))
    throw new UsageError(
      `The "id" of the task must be a task id of 32 lower-case hex digits, not ${JSON.stringify(taskId)}.`,
    );
  const jobName = formatJobName(taskId, newAttempt(systemClock.now(), '0'.repeat(MARK_LENGTH), '0000'));
  return renderJob(jobSettings(here, cluster, apiServer), only, variables, {
    taskId,
    jobName,
    queueId: variables.queueId,
    schedulerQueueId: schedulerQueue,
    workerPrefix: variables.workerId,
  });
}
