// Render: a task and its queue's template become a batch script.
import { renderBlocks, type JobFacts } from '../template/blocks.ts';
import { checkBounds } from '../template/property-bounds.ts';
import type { Blocks, Rendered, Variables } from '../template/template.ts';
import type { TaskDocument } from '../clearml/task.ts';
import type { Glue, JobSettings, ServedQueue } from './glue.ts';

/**
 * The script for one attempt to run this task.
 * @throws TemplateProblem when the template and the task don't fit, or the task asks for more than it may
 * @throws ServerUnreachable when project or user can't be read
 */
export async function renderTask(
  glue: Glue,
  queue: ServedQueue,
  read: TaskDocument,
  jobName: string,
): Promise<Rendered> {
  const { document, task } = read;
  const projectId = document['project'];
  const [project, user] = await Promise.all([
    typeof projectId === 'string' ? glue.clearml.people.project(projectId) : undefined,
    task.user === undefined ? undefined : glue.clearml.people.user(task.user),
  ]);
  const variables: Variables = {
    queueName: queue.name,
    queueId: queue.id,
    workerId: glue.worker,
    task: document,
    project: project ?? {},
    user: user ?? {},
    config: glue.job.publicConfig,
  };
  const blocks = jobBlocks(
    glue.job,
    task.id,
    jobName,
    { queueId: queue.id, schedulerQueueId: glue.schedulerQueue },
    glue.worker,
  );
  return renderWithin(queue, variables, blocks);
}

/**
 * The script, if what the task asks for is within the bounds of the queue.
 * @throws TemplateProblem
 */
export function renderWithin(
  { name, template, bounds }: Pick<ServedQueue, 'name' | 'template' | 'bounds'>,
  variables: Variables,
  blocks: Blocks,
): Rendered {
  const rendered = template.render(variables, blocks);
  if (bounds !== undefined) checkBounds(template.file, rendered, name, bounds);
  return rendered;
}

/** The blocks of one job. Its configuration file is named after the job, so that two attempts never share one. */
export function jobBlocks(
  job: JobSettings,
  taskId: string,
  jobName: string,
  queues: Pick<JobFacts, 'queueId' | 'schedulerQueueId'>,
  workerPrefix: string,
): Blocks {
  return renderBlocks({
    taskId,
    jobName,
    ...queues,
    apiServer: job.apiServer,
    ...(job.sharedDir === undefined
      ? {}
      : { sharedDir: job.sharedDir, sharedConf: sharedConfPath(job.sharedDir, jobName) }),
    ...(job.python === undefined ? {} : { python: job.python }),
    agentVersion: job.agentVersion,
    workerPrefix,
  });
}

/** Where a job finds its own clearml.conf, of mode 0600. */
export function sharedConfPath(sharedDir: string, jobName: string): string {
  return `${sharedConfFolder(sharedDir)}/${jobName}.conf`;
}

export function sharedConfFolder(sharedDir: string): string {
  return `${sharedDir}/jobs`;
}
