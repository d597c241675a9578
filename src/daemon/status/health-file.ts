// A file in the state directory with the health of a daemon, which it replaces while it runs, for `status --check`.
import { join } from 'node:path';
import * as z from 'zod';
import { replaceByPrivateFile } from '../../base/private-paths.ts';
import { readJsonFile } from '../../base/missing-files.ts';
import { HealthFacts } from '../monitor/decide-readiness.ts';

const Note = z.object({
  pid: z.number(),
  /** When it was written, as all times in milliseconds since 1970. */
  at: z.number(),
  tracked: z.number(),
  facts: HealthFacts,
});

export type HealthNote = z.infer<typeof Note>;

/** How often the daemon replaces the note, so that its age shows whether the daemon hangs. */
const REPLACED_EVERY_MS = 30_000;
/** An older note means that the process hangs, or cannot write into its state directory. */
export const NOTE_STALE_MS = 180_000;

export interface HealthReporting {
  /** Replaces the note soon, because something has changed. */
  changed(): void;
  /** Returns when nothing is written any more. */
  stop(): Promise<void>;
}

/** Only the daemon that holds the directory may call it. A failure shows as an old note. */
export function reportHealth(folder: string, read: () => Omit<HealthNote, 'pid'>): HealthReporting {
  let isWriting = false;
  let writing = Promise.resolve();

  function write(): void {
    if (isWriting) return;
    isWriting = true;
    const text = `${JSON.stringify({ pid: process.pid, ...read() })}\n`;
    writing = replaceByPrivateFile(noteFile(folder), text)
      .catch(() => undefined)
      .finally(() => (isWriting = false));
  }

  const timer = setInterval(write, REPLACED_EVERY_MS).unref();
  write();
  return {
    changed: write,
    async stop() {
      clearInterval(timer);
      await writing;
    },
  };
}

/** undefined if there is none that this version can read. */
export function readHealthNote(folder: string): Promise<HealthNote | undefined> {
  return readJsonFile(noteFile(folder), Note);
}

function noteFile(folder: string): string {
  return join(folder, 'health.json');
}
