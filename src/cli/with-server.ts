// A command's way to the ClearML server: opened for one piece of work, and closed after it.
import type { ClearmlClient, ServerFacts } from '../clearml/client.ts';
import type { TaskDocument } from '../clearml/task.ts';
import type { Typed } from './command.ts';
import { findTask } from './find-task.ts';
import { makeClearml } from './make-clearml.ts';
import { withLog, type Base } from './read-base.ts';
import type { Configured } from './read-config.ts';
import { UsageProblem } from './usage-problem.ts';

export interface OnServer {
  readonly base: Base;
  readonly clearml: ClearmlClient;
  readonly server: ServerFacts;
}

/** @throws what the client and the work throw */
export async function withServer<Result>(
  typed: Typed,
  here: Configured,
  work: (there: OnServer) => Promise<Result>,
): Promise<Result> {
  const base = withLog(typed, here);
  const clearml = makeClearml(base);
  try {
    return await work({ base, clearml, server: await clearml.connect() });
  } finally {
    await clearml.close();
    await base.closeLog();
  }
}

/** The task that a person has named. @throws UsageProblem when there is none, or more than one */
export async function readNamedTask(
  { base, clearml, server }: OnServer,
  name: string,
  command: string,
): Promise<TaskDocument> {
  const id = await findTask(base, name, command);
  const read = await clearml.tasks.get(id);
  if (read !== undefined) return read;
  throw new UsageProblem(`Task ${id} not found on ${server.apiServer}. Copy its id from the web page.`);
}
