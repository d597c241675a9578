// Prints the script that a task would become.
import * as z from 'zod';
import { systemClock } from '../../base/clock.ts';
import { renderJob } from '../../daemon/submit/render-task.ts';
import { formatJobName, MARK_LENGTH, newAttempt } from '../../slurm/job-name.ts';
import type { Surroundings, Typed } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { jobSettings } from '../job-settings.ts';
import { readConfig } from '../read-config.ts';
import { readTask } from '../read-task.ts';
import { readQueues } from '../serve-queues.ts';
import { switchOption } from '../typed-options.ts';
import { UsageProblem } from '../usage-problem.ts';

/** @throws ConfigError, TemplateError, UsageProblem; with a task of the server's, what asking it throws */
export async function printScript(typed: Typed, around: Surroundings): Promise<number> {
  const here = { config: readConfig(typed, around), around };
  for (const warning of here.config.warnings) around.stderr(`clearml-agent-slurm: ${warning}\n`);

  const { settings } = here.config;
  const [only, ...others] = await readQueues(settings, around.workingDir);
  const cluster = settings.clusters.find(({ name }) => name === only?.cluster);
  if (only === undefined || cluster === undefined || others.length > 0)
    throw new UsageProblem('render takes one template and at most one queue.');

  const { variables, schedulerQueue, apiServer } = await readTask(
    typed,
    here,
    { queueName: only.name, cluster },
    'render',
  );
  const taskId = z.string().parse(variables.task['id']);
  const jobName = formatJobName(taskId, newAttempt(systemClock.now(), '0'.repeat(MARK_LENGTH), '0000'));
  const { script, uses, notes } = renderJob(jobSettings(here, cluster, apiServer), only, variables, {
    taskId,
    jobName,
    queueId: variables.queueId,
    schedulerQueueId: schedulerQueue,
    workerPrefix: variables.workerId,
  });

  for (const note of notes) around.stderr(`clearml-agent-slurm: ${note}\n`);
  around.stdout(script);
  if (switchOption(typed, 'origins') === true) {
    const { formatOrigins } = await import('../../template/origins-table.ts');
    around.stderr(formatOrigins(uses));
  }
  return EXIT.ok;
}
