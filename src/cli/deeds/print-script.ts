// Prints the script that a task would become.
import { z } from 'zod';
import { systemClock } from '../../base/clock.ts';
import { jobBlocks } from '../../glue/render-task.ts';
import { formatJobName, MARK_LENGTH, newAttempt } from '../../slurm/job-name.ts';
import { formatOrigins } from '../../template/origins-table.ts';
import type { Surroundings, Typed } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { jobSettings } from '../job-settings.ts';
import { readConfig, type Configured } from '../read-config.ts';
import { readQueues } from '../serve-queues.ts';
import { taskFromFile, type Aim, type TaskToRender } from '../task-from-file.ts';
import { switchOption, textOption } from '../typed-options.ts';
import { UsageProblem } from '../usage-problem.ts';

/** @throws ConfigProblem, TemplateProblem, UsageProblem; with a task of the server's, what asking it throws */
export async function printScript(typed: Typed, around: Surroundings): Promise<number> {
  const here = { config: readConfig(typed, around), around };
  for (const warning of here.config.warnings) around.stderr(`clearml-agent-slurm: ${warning}\n`);

  const { settings } = here.config;
  const [only, ...others] = await readQueues(settings, around.workingDir);
  const cluster = settings.clusters.find(({ name }) => name === only?.cluster);
  if (only === undefined || cluster === undefined || others.length > 0)
    throw new UsageProblem('render takes one template and at most one queue.');

  const { variables, schedulerQueue, apiServer } = await readTask(typed, here, { queueName: only.name, cluster });
  const taskId = z.string().parse(variables.task['id']);
  const jobName = formatJobName(taskId, newAttempt(systemClock.now(), '0'.repeat(MARK_LENGTH), '0000'));
  const blocks = jobBlocks(jobSettings(here, cluster, apiServer), taskId, jobName, schedulerQueue, variables.workerId);
  const { script, uses } = only.template.render(variables, blocks);

  around.stdout(script);
  if (switchOption(typed, 'origins') === true) around.stderr(formatOrigins(uses));
  return EXIT.ok;
}

async function readTask(typed: Typed, here: Configured, aim: Aim): Promise<TaskToRender> {
  const id = textOption(typed, 'task');
  const file = textOption(typed, 'task-file');
  if (file !== undefined && id === undefined) return taskFromFile(here, file, aim);
  if (id === undefined || file !== undefined)
    throw new UsageProblem('render needs a task: give either --task ID or --task-file FILE.');
  // The log and the client of the server take longer to load than a task in a file takes altogether.
  const { taskFromServer } = await import('../task-from-server.ts');
  return taskFromServer(typed, here, id, aim);
}
