// A command's way to the ClearML server: opened for one piece of work, and closed after it.
import { commonOptions } from './setting-options.ts';
import type { ClearmlClient, ServerFacts } from '../clearml/client.ts';
import type { TaskDocument } from '../clearml/task.ts';
import type { Typed } from './command.ts';
import { findTask } from './find-task.ts';
import { createClearml } from '../assembly/create-clearml.ts';
import { createAppWith, type App } from '../assembly/app.ts';
import type { Configured } from '../assembly/read-config.ts';
import { UsageError } from '../base/usage-error.ts';

export interface OnServer {
  readonly app: App;
  readonly clearml: ClearmlClient;
  readonly server: ServerFacts;
}

/** @throws what the client and the work throw */
export async function withServer<Result>(
  typed: Typed,
  here: Configured,
  work: (there: OnServer) => Promise<Result>,
): Promise<Result> {
  const app = createAppWith(commonOptions(typed), here);
  const clearml = createClearml(app);
  try {
    return await work({ app, clearml, server: await clearml.connect() });
  } finally {
    await clearml.close();
    await app.closeLog();
  }
}

/** The task that a person has named. @throws UsageError when there is none, or more than one */
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
