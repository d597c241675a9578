// Prints the script that a task would become.
import { commonOptions } from '../setting-options.ts';
import * as z from 'zod';
import { systemClock } from '../../base/clock.ts';
import { renderJob } from '../../daemon/submit/render-task.ts';
import { formatJobName, MARK_LENGTH, newAttempt } from '../../slurm/job-name.ts';
import type { CommandContext, Typed } from '../command.ts';
import { EXIT } from '../../base/exit-codes.ts';
import { jobSettings } from '../../daemon/serve/job-settings.ts';
import { readConfig } from '../../assembly/read-config.ts';
import { readTask } from '../read-task.ts';
import { readQueues } from '../../assembly/read-queues.ts';
import { switchOption } from '../typed-options.ts';
import { UsageError } from '../../base/usage-error.ts';

/** @throws ConfigError, TemplateError, UsageError; with a task of the server's, what asking it throws */
export async function printScript(typed: Typed, context: CommandContext): Promise<number> {
  const here = { config: readConfig(commonOptions(typed), context), context };
  for (const warning of here.config.warnings) context.stderr(`clearml-agent-slurm: ${warning}\n`);

  const { settings } = here.config;
  const [only, ...others] = await readQueues(settings, context.workingDir);
  const cluster = settings.clusters.find(({ name }) => name === only?.cluster);
  if (only === undefined || cluster === undefined || others.length > 0)
    throw new UsageError('render takes one template and at most one queue.');

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

  for (const note of notes) context.stderr(`clearml-agent-slurm: ${note}\n`);
  context.stdout(script);
  if (switchOption(typed, 'origins') === true) {
    const { formatOrigins } = await import('../../template/origins-table.ts');
    context.stderr(formatOrigins(uses));
  }
  return EXIT.ok;
}
