// Reads the task to render from a file; no server is needed.
import { resolve } from 'node:path';
import { readNamedFile } from '../assembly/read-named-files.ts';
import type { Configured } from '../assembly/load-trusted-config.ts';
import { parseJson } from '../base/parse-json.ts';
import { UsageError } from '../base/usage-error.ts';
import { readField } from '../clearml/unreadable-entries.ts';
import type { ClusterSettings } from '../config/cluster-settings.ts';
import { publicConfig, workerName } from '../daemon/serve/derive-names-and-job-settings.ts';
import type { Variables } from '../sbatch-template/template.ts';

/** The assumed queue and cluster of the task. */
export interface Aim {
  readonly queueName: string;
  readonly cluster: ClusterSettings;
}

/** What `render` needs for the script of a task. */
export interface TaskToRender {
  readonly variables: Variables;
  readonly schedulerQueue: string;
  readonly apiServer: string;
}

/** Replaces an id that only the server knows. */
export const UNKNOWN_ID = '0'.repeat(32);

/** The values of this machine that a template may use. */
export function localVariables(here: Configured, cluster: ClusterSettings): Pick<Variables, 'workerId' | 'config'> {
  return { workerId: workerName(here, cluster), config: publicConfig(here.config) };
}

/** @throws UsageError if the file cannot be read or contains no task */
export async function taskFromFile(here: Configured, file: string, { queueName, cluster }: Aim): Promise<TaskToRender> {
  const path = resolve(here.context.workingDir, file);
  const task = parseTaskText(await readNamedFile('task file', path, '--task-file'), path);
  return {
    variables: {
      ...localVariables(here, cluster),
      queueName,
      queueId: UNKNOWN_ID,
      task,
      project: projectIn(task),
      user: {},
    },
    schedulerQueue: UNKNOWN_ID,
    apiServer: here.config.settings.api.apiServer ?? 'its address',
  };
}

/** The task itself, or the whole reply of `tasks.get_by_id`. */
function parseTaskText(text: string, path: string): Record<string, unknown> {
  const found = parseJson(text);
  const task = [readField(readField(found, 'data'), 'task'), readField(found, 'task'), found].find(hasId);
  if (task !== undefined) return task;
  throw new UsageError(`${path} contains no task: it must be the JSON that tasks.get_by_id returns, with an "id".`);
}

/** Some replies have the project as an object with its name. */
function projectIn({ project }: Readonly<Record<string, unknown>>): Record<string, unknown> {
  if (hasId(project)) return project;
  return typeof project === 'string' ? { id: project } : {};
}

function hasId(value: unknown): value is Record<string, unknown> {
  return typeof readField(value, 'id') === 'string';
}
