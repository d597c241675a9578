// Collects the evidence of a failed end-to-end test: tasks, consoles, Slurm's jobs and their logs, and programs.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { World } from './world.ts';

/** Of each console, log and program. */
const LAST_LINES = 12;
/** Newest first. */
const MOST_TASKS = 3;

const Tasks = z.object({ tasks: z.array(z.object({ id: z.string(), name: z.string(), status: z.string() })) });

/** Queries the server and Slurm, and reads the files in the directory. */
export async function evidenceOf({ user, cluster, folder, ...world }: World): Promise<string> {
  const body = { only_fields: ['id', 'name', 'status'], order_by: ['-created'], page: 0, page_size: MOST_TASKS };
  const { tasks } = Tasks.parse(await user.api('tasks.get_all', body));
  const consoles = tasks.map(
    async ({ id, name, status }) =>
      `task ${id} "${name}" is ${status}; its console:\n${lastLines(await user.console(id))}`,
  );
  const jobs = await cluster.run('squeue', '--me', '--states=all', '--format=%A %j %T %r').catch(String);
  return [
    ...(await Promise.all(consoles)),
    `squeue:\n${lastLines(jobs)}`,
    ...(await jobLogs(folder)),
    `programs:\n${lastLines(world.log())}`,
  ].join('\n');
}

async function jobLogs(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const logs = names.filter((name) => name.endsWith('.out')).slice(-MOST_TASKS);
  return Promise.all(
    logs.map(async (name) => `${name}:\n${lastLines(await readFile(join(folder, name), 'utf8').catch(String))}`),
  );
}

function lastLines(text: string): string {
  return text.trimEnd().split('\n').slice(-LAST_LINES).join('\n').replace(/^/gm, '  ');
}
