// Detects whether the output of a process goes to systemd's journal.
import { fstatSync } from 'node:fs';

/**
 * `JOURNAL_STREAM` contains the device and inode of the journal's socket (systemd.exec(5)). Its presence alone is not enough:
 * a terminal started by a service has it too.
 * @param descriptor e.g. 2 for standard error
 */
export function isJournalStream(journalStream: string | undefined, descriptor: number): boolean {
  if (journalStream === undefined) return false;
  const { dev, ino } = fstatSync(descriptor);
  return journalStream === `${dev}:${ino}`;
}
