// A journal on an in-memory disk, which survives the daemon.
import type { TaskId } from '../../src/clearml/ids.ts';
import type { Entry } from '../../src/daemon/journal/entry.ts';
import { applyLine, formatJournal, parseJournal, type JournalLine } from '../../src/daemon/journal/journal-lines.ts';
import type { Journal } from '../../src/daemon/journal/journal.ts';
import type { PendingCalls } from './pending-calls.ts';

export interface Disk {
  text: string;
}

export function readDisk(disk: Disk): Map<TaskId, Entry> {
  const read = parseJournal(disk.text);
  if (read.kind !== 'read') throw new Error(`the journal is ${read.kind}:\n${disk.text}`);
  return read.entries;
}

export function openMemoryJournal(disk: Disk, calls: PendingCalls, owner: number): Journal {
  const entries = readDisk(disk);
  // Each start rewrites the journal without a line that a crash has truncated.
  disk.text = [...entries.values()].map((entry) => formatJournal({ entry })).join('');

  function append(task: TaskId, label: string, line: JournalLine): Promise<void> {
    return calls.request({
      owner,
      kind: 'journal',
      endpoint: 'journal',
      task,
      label: `${label} task ${Number(task)}`,
      effect() {
        disk.text += formatJournal(line);
        applyLine(entries, line);
      },
      lost(hasHappened) {
        if (!hasHappened) throw new Error('no space left on device');
      },
    });
  }

  return {
    entries,
    setAside: undefined,
    write: (entry) => append(entry.task, `journal: ${entry.step}`, { entry }),
    forget: (task) => (entries.has(task) ? append(task, 'journal: forget', { forget: task }) : Promise.resolve()),
    throwIfLost: () => undefined,
    close: () => Promise.resolve(),
  };
}
