// A task to be rendered, as the server has it now.
import type { Typed } from './command.ts';
import type { Configured } from '../assembly/read-config.ts';
import { localVariables, UNKNOWN_ID, type Aim, type TaskToRender } from './task-from-file.ts';
import { readNamedTask, withServer } from './with-server.ts';

/** @throws UsageError when there is no such task, and what the client throws */
export async function taskFromServer(
  typed: Typed,
  here: Configured,
  id: string,
  { queueName, cluster }: Aim,
): Promise<TaskToRender> {
  return withServer(typed, here, async ({ app, clearml, server }) => {
    const read = await readNamedTask({ app, clearml, server }, id, 'render');
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
  });
}
