// Collects the evidence of a failed end-to-end test: tasks, consoles, queues, Slurm's jobs and their logs, and programs.
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { parseJournal } from '../../src/daemon/journal/journal-lines.ts';
import type { TaskId } from '../../src/clearml/ids.ts';
import type { Program, World } from './world.ts';

/** Of each console, log and program. */
const LAST_LINES = 12;
/** Newest first. */
const MOST_TASKS = 30;
/** The others of them end as they should more often than not. */
const MOST_CONSOLES = 3;

const Tasks = z.object({
  tasks: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      status: z.string(),
      status_reason: z.string().nullish(),
      status_message: z.string().nullish(),
    }),
  ),
});
const Queues = z.object({
  queues: z.array(z.object({ name: z.string(), entries: z.array(z.object({ task: z.string() })) })),
});

/** Statuses that only a user, or a program that has the task, changes. */
const FINAL = ['completed', 'failed', 'stopped', 'closed', 'published'];
const LIVE_JOBS = 'PD,CF,R,S,CG';

/**
 * Queries the server and Slurm, and reads the files in the directory.
 * @param awaited the task that the test waited for last: its console comes first
 * @param project the only project whose tasks are shown, or undefined for all: on a named server the others are not of this run
 */
export async function evidenceOf(
  { user, nameOf, cluster, folder }: Pick<World, 'user' | 'nameOf' | 'cluster' | 'folder'>,
  awaited: string | undefined,
  programs: readonly Program[],
  project: string | undefined,
): Promise<string[]> {
  const body = {
    ...(project === undefined ? {} : { project: [project] }),
    only_fields: ['id', 'name', 'status', 'status_reason', 'status_message'],
    order_by: ['-created'],
    page: 0,
    page_size: MOST_TASKS,
  };
  const { tasks } = Tasks.parse(await user.api('tasks.get_all', body));
  const { queues } = Queues.parse(await user.api('queues.get_all', { search_hidden: true }));
  const entries = queues
    .filter(({ name }) => name.startsWith(nameOf('')))
    .map((queue) => `${queue.name}: ${queue.entries.map(({ task }) => task).join(' ')}`);
  const first = tasks.filter(({ id }) => id === awaited);
  const others = tasks.filter(({ id }) => id !== awaited);
  const consoles = [...first, ...others]
    .slice(0, MOST_CONSOLES)
    .map(async ({ id, name }) => part(`console of task ${id} "${name}"`, await user.console(id)));
  const rows = tasks.map((task) => {
    const why = [task.status_reason, task.status_message].filter(Boolean).join(': ');
    return `${task.id} ${task.status} "${task.name}" ${why}`;
  });
  const ask = (...command: [string, ...string[]]): Promise<string> => cluster.run(...command).catch(String);
  return [
    part('tasks', rows.join('\n'), MOST_TASKS),
    part('queues', entries.join('\n')),
    ...(await Promise.all(consoles)),
    part('squeue', await ask('squeue', '--me', '--states=all', '--format=%A %j %T %r %N %M')),
    part('sinfo', await ask('sinfo', '--format=%P %a %D %T %N %E')),
    ...(await jobLogs(folder)),
    ...programs.map((program) => program.evidence()),
  ];
}

/**
 * Whether the task's status and console change only by what a user does: it has ended, no daemon has it in its journal, and none of
 * its jobs is left.
 */
export async function isSettled(world: World, task: string, status: string): Promise<boolean> {
  if (!FINAL.includes(status)) return false;
  // A daemon may have another state directory.
  const { folder } = world;
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const journals = names.filter((name) => /(^|\/)journal\.jsonl$/.test(name));
  // Without one it is unknown what its daemon still does.
  if (journals.length === 0) return false;
  for (const name of journals) {
    const journal = parseJournal(await readFile(join(folder, name), 'utf8').catch(() => ''));
    if (journal.kind !== 'read' || journal.entries.has(task as TaskId)) return false;
  }
  return world.jobsOf(task, LIVE_JOBS).then(
    (jobs) => jobs.length === 0,
    () => false,
  );
}

async function jobLogs(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const logs = names.filter((name) => name.endsWith('.out') || name.endsWith('.log'));
  const dated = await Promise.all(
    logs.map(async (name) => ({ name, at: (await stat(join(folder, name)).catch(() => undefined))?.mtimeMs ?? 0 })),
  );
  const latest = dated.sort((a, b) => b.at - a.at).slice(0, MOST_CONSOLES);
  return Promise.all(
    latest.map(async ({ name }) => part(name, await readFile(join(folder, name), 'utf8').catch(String))),
  );
}

function part(heading: string, text: string, lines?: number): string {
  return `${heading}:\n${lastLines(text, lines)}`;
}

export function lastLines(text: string, lines = LAST_LINES): string {
  return text.trimEnd().split('\n').slice(-lines).join('\n').replace(/^/gm, '  ');
}
