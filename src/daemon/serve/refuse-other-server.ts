// Refuses a state directory whose journal is of another ClearML server: its tasks would all count as deleted, and their jobs be cancelled.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServerSide } from './connect-to-clearml.ts';
import type { Entry } from '../journal/entry.ts';
import { JournalError } from '../journal/journal.ts';
import { parseJournal } from '../journal/journal-lines.ts';

interface Server {
  readonly clearml: Pick<ServerSide['clearml'], 'queues' | 'tasks'>;
  readonly server: Pick<ServerSide['server'], 'apiServer'>;
}

/**
 * The ids of queues and tasks are random. So a journal is of another server if none of its queues and none of its tasks exists on this one; a
 * user who deletes all tasks leaves the queues.
 * @throws JournalError, and what the client throws
 */
export async function refuseStateOfOtherServer({ clearml, server }: Server, stateDir: string): Promise<void> {
  const file = join(stateDir, 'journal.jsonl');
  const entries = await readEntries(file);
  if (entries.length === 0) return;
  const ids = new Set(entries.flatMap(({ queue, schedulerQueue = queue }) => [queue, schedulerQueue]));
  const queues = await clearml.queues.read([...ids], 1);
  if (queues.queues.length > 0 || !queues.isWhole) return;
  const { tasks, unread } = await clearml.tasks.read(entries.map(({ task }) => task));
  if (tasks.size > 0 || unread.size > 0) return;
  throw new JournalError(
    `${file} is of another ClearML server: neither its tasks nor their queues exist on ${server.apiServer}. Set agent.slurm.state_dir to a separate directory for each server. If the other server is gone, delete the file.`,
  );
}

/** What cannot be read is reported when the journal is opened. */
async function readEntries(file: string): Promise<readonly Entry[]> {
  const read = parseJournal(await readFile(file, 'utf8').catch(() => ''));
  return read.kind === 'read' ? [...read.entries.values()] : [];
}
