// Reads a task from the server.
import { createAppWith, type App } from '../assembly/app.ts';
import { withClearml } from '../assembly/clearml-from-config.ts';
import type { Configured } from '../assembly/load-trusted-config.ts';
import { UsageError } from '../base/usage-error.ts';
import type { ClearmlClient, ServerFacts } from '../clearml/client.ts';
import type { TaskDocument } from '../clearml/task.ts';
import { findTask } from './find-task.ts';
import { localVariables, UNKNOWN_ID, type Aim, type TaskToRender } from './task-from-file.ts';

/** @throws UsageError if there is no such task, and the errors of the client */
export async function taskFromServer(here: Configured, id: string, { queueName, cluster }: Aim): Promise<TaskToRender> {
  return withServer(here, async ({ app, clearml, server }) => {
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

interface OnServer {
  readonly app: App;
  readonly clearml: ClearmlClient;
  readonly server: ServerFacts;
}

/** Connects for the time of this work. @throws the errors of the client and of the work */
export async function withServer<Result>(
  here: Configured,
  work: (there: OnServer) => Promise<Result>,
): Promise<Result> {
  const app = createAppWith(here);
  try {
    return await withClearml(app, (clearml, server) => work({ app, clearml, server }));
  } finally {
    await app.closeLog();
  }
}

/** The task that the user named. @throws UsageError if there is none, or more than one */
export async function readNamedTask(
  { app, clearml, server }: OnServer,
  name: string,
  command: string,
): Promise<TaskDocument> {
  const id = await findTask(app, name, command);
  const read = await clearml.tasks.get(id);
  if (read !== undefined) return read;
  throw new UsageError(`Task ${id} not found on ${server.apiServer}. Copy its id from the web page.`);
}
