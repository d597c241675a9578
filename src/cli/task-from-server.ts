// A task to be rendered, as the server has it now.
import type { TaskId } from '../clearml/ids.ts';
import type { Typed } from './command.ts';
import { makeClearml } from './make-clearml.ts';
import { withLog } from './read-base.ts';
import type { Configured } from './read-config.ts';
import { localVariables, UNKNOWN_ID, type Aim, type TaskToRender } from './task-from-file.ts';
import { UsageProblem } from './usage-problem.ts';

/** @throws UsageProblem when there is no such task, and what the client throws */
export async function taskFromServer(
  typed: Typed,
  here: Configured,
  id: string,
  { queueName, cluster }: Aim,
): Promise<TaskToRender> {
  const base = withLog(typed, here);
  const clearml = makeClearml(base);
  try {
    const server = await clearml.connect();
    const read = await clearml.tasks.get(id as TaskId);
    if (read === undefined)
      throw new UsageProblem(`Task ${id} not found on ${server.apiServer}. Copy its id from the web page.`);
    const projectId = read.document['project'];
    const [project, user, queue, schedulerQueue] = await Promise.all([
      typeof projectId === 'string' ? clearml.people.project(projectId) : undefined,
      read.task.user === undefined ? undefined : clearml.people.user(read.task.user),
      clearml.queues.find(queueName),
      clearml.queues.find(cluster.schedulerQueue),
    ]);
    return {
      variables: {
        ...localVariables(here, cluster),
        queueName,
        queueId: queue?.id ?? UNKNOWN_ID,
        task: read.document,
        project: project ?? {},
        user: user ?? {},
      },
      schedulerQueue: schedulerQueue?.id ?? UNKNOWN_ID,
      apiServer: server.apiServer,
    };
  } finally {
    await clearml.close();
    await base.closeLog();
  }
}
