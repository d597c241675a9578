// Reads a task from the server, and sets user properties on it.
import * as z from 'zod';
import { createAppWith, type App } from '../assembly/app.ts';
import { createClearml } from '../assembly/clearml-from-config.ts';
import type { CommonOptions, Configured } from '../assembly/read-config.ts';
import { UsageError } from '../base/usage-error.ts';
import type { ClearmlClient, ServerFacts } from '../clearml/client.ts';
import type { TaskDocument } from '../clearml/task.ts';
import type { TemplateProperty } from '../template/inspect-template.ts';
import { findTask } from './find-task.ts';
import { localVariables, UNKNOWN_ID, type Aim, type TaskToRender } from './task-from-file.ts';

/** @throws UsageError if there is no such task, and the errors of the client */
export async function taskFromServer(
  options: CommonOptions,
  here: Configured,
  id: string,
  { queueName, cluster }: Aim,
): Promise<TaskToRender> {
  return withServer(options, here, async ({ app, clearml, server }) => {
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

const Hyperparams = z
  .looseObject({ properties: z.record(z.string(), z.unknown()).default({}) })
  .prefault({})
  .catch({ properties: {} });

/**
 * Sets the properties with a default that the task does not have. Existing ones are never changed.
 * @returns a message for each
 * @throws UsageError when there is no such task, and what the client throws
 */
export async function setMissingProperties(
  options: CommonOptions,
  here: Configured,
  id: string,
  properties: readonly TemplateProperty[],
): Promise<string> {
  return withServer(options, here, async (there) => {
    const read = await readNamedTask(there, id, 'properties');
    const { missing, sentences } = compare(Hyperparams.parse(read.document['hyperparams']).properties, properties);
    await there.clearml.tasks.setProperties(read.task.id, missing);
    return [...new Set(sentences)].join('');
  });
}

function compare(
  there: Readonly<Record<string, unknown>>,
  properties: readonly TemplateProperty[],
): { missing: Record<string, string>; sentences: string[] } {
  const missing: Record<string, string> = {};
  const sentences: string[] = [];
  for (const { name, fallback } of properties) {
    if (Object.hasOwn(there, name)) sentences.push(`${name}: already set, not changed\n`);
    else if (Object.hasOwn(missing, name)) continue;
    else if (fallback === undefined) sentences.push(`${name}: has no default, set it yourself\n`);
    else {
      missing[name] = fallback;
      sentences.push(`${name}: set to ${JSON.stringify(fallback)}\n`);
    }
  }
  return { missing, sentences };
}

interface OnServer {
  readonly app: App;
  readonly clearml: ClearmlClient;
  readonly server: ServerFacts;
}

/** @throws the errors of the client and of the work */
async function withServer<Result>(
  options: CommonOptions,
  here: Configured,
  work: (there: OnServer) => Promise<Result>,
): Promise<Result> {
  const app = createAppWith(options, here);
  const clearml = createClearml(app);
  try {
    return await work({ app, clearml, server: await clearml.connect() });
  } finally {
    await clearml.close();
    await app.closeLog();
  }
}

/** The task that the user named. @throws UsageError if there is none, or more than one */
async function readNamedTask({ app, clearml, server }: OnServer, name: string, command: string): Promise<TaskDocument> {
  const id = await findTask(app, name, command);
  const read = await clearml.tasks.get(id);
  if (read !== undefined) return read;
  throw new UsageError(`Task ${id} not found on ${server.apiServer}. Copy its id from the web page.`);
}
