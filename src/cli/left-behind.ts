// Tells of jobs that were begun before their cluster was given a name: under the new one nobody follows them.
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ClusterSettings } from '../config/clusters.ts';
import { readJournal } from '../daemon/journal/journal-lines.ts';
import type { Logger } from '../log/logger.ts';

/** A warning when the folder above those of the clusters holds the journal of a daemon without names, with tasks in it. */
export async function warnOfLeftBehind(clusters: readonly ClusterSettings[], log: Logger): Promise<void> {
  const named = clusters.find(({ name }) => name !== undefined);
  if (named === undefined) return;
  const file = join(dirname(named.stateDir), 'journal.jsonl');
  const read = readJournal(await readFile(file, 'utf8').catch(() => ''));
  if (read.kind === 'read' && read.entries.size === 0) return;
  log.warn(
    'Jobs from before the clusters had names are not followed; start once without names until they have ended, then remove the file',
    { file, ...(read.kind === 'read' ? { tasks: read.entries.size } : {}) },
  );
}
