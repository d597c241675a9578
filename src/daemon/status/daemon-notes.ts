// The notes of a daemon in its state directory, for `status` and other commands: which queues it serves and whether it drains, and its health.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { replaceByPrivateFile } from '../../base/private-paths.ts';
import { readJsonFile } from '../../base/missing-files.ts';
import type { Holder } from '../journal/lock.ts';
import { HealthFacts } from '../monitor/decide-readiness.ts';

const ServingNote = z.object({ pid: z.number(), queues: z.array(z.string()), draining: z.boolean() });

function servingFile(folder: string): string {
  return join(folder, 'serving.json');
}

/** Only the daemon that holds the directory may write a note. Failure is ignored: the notes are only for display. */
async function replaceNote(file: string, fields: object): Promise<void> {
  await replaceByPrivateFile(file, `${JSON.stringify({ pid: process.pid, ...fields })}\n`).catch(() => undefined);
}

export function writeServingNote(
  folder: string,
  { queues, draining }: { readonly queues: readonly string[]; readonly draining: boolean },
): Promise<void> {
  return replaceNote(servingFile(folder), { queues, draining });
}

export interface Served {
  /** The names of the queues that were served last; undefined if unknown. */
  readonly queues: readonly string[] | undefined;
  readonly draining: boolean;
  /** Whether the daemon that holds the directory wrote the note, and so serves or served the cluster. */
  readonly isOfHolder: boolean;
}

/** Reads the note. In one that a killed daemon left, the queues count, but not that it drained. */
export async function readServingNote(folder: string, holder: Holder | undefined): Promise<Served> {
  const file = servingFile(folder);
  const written = await stat(file).catch(() => undefined);
  const note = await readJsonFile(file, ServingNote);
  if (written === undefined || note === undefined) return { queues: undefined, draining: false, isOfHolder: false };
  const isOfHolder = holder?.pid === note.pid && written.mtimeMs >= holder.since - CLOCK_SKEW_MS;
  return { queues: note.queues, draining: note.draining && isOfHolder, isOfHolder };
}

/** File times on a file server come from its clock. */
const CLOCK_SKEW_MS = 5_000;

const HealthNote = z.object({
  pid: z.number(),
  /** When it was written, as all times in milliseconds since 1970. */
  at: z.number(),
  tracked: z.number(),
  facts: HealthFacts,
});

export type HealthNote = z.infer<typeof HealthNote>;

function healthFile(folder: string): string {
  return join(folder, 'health.json');
}

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

/** A failure shows as an old note. */
export function reportHealth(folder: string, read: () => Omit<HealthNote, 'pid'>): HealthReporting {
  let isWriting = false;
  let writing = Promise.resolve();

  function write(): void {
    if (isWriting) return;
    isWriting = true;
    writing = replaceNote(healthFile(folder), read()).finally(() => (isWriting = false));
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
  return readJsonFile(healthFile(folder), HealthNote);
}
