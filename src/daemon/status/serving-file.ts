// A file in the state directory with the queues that a daemon serves and whether it drains, for the status commands.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { replaceByPrivateFile } from '../../base/private-paths.ts';
import { readJsonFile } from '../../base/missing-files.ts';
import type { Holder } from '../journal/lock.ts';

const Note = z.object({ pid: z.number(), queues: z.array(z.string()), draining: z.boolean() });

/** Writes the note; only the daemon that holds the directory may call it. Failure is ignored: the note is only for display. */
export async function writeServingNote(
  folder: string,
  { queues, draining }: { readonly queues: readonly string[]; readonly draining: boolean },
): Promise<void> {
  const text = `${JSON.stringify({ pid: process.pid, queues, draining })}\n`;
  await replaceByPrivateFile(noteFile(folder), text).catch(() => undefined);
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
  const file = noteFile(folder);
  const written = await stat(file).catch(() => undefined);
  const note = await readJsonFile(file, Note);
  if (written === undefined || note === undefined) return { queues: undefined, draining: false, isOfHolder: false };
  const isOfHolder = holder?.pid === note.pid && written.mtimeMs >= holder.since - CLOCK_SKEW_MS;
  return { queues: note.queues, draining: note.draining && isOfHolder, isOfHolder };
}

/** File times on a file server come from its clock. */
const CLOCK_SKEW_MS = 5_000;

function noteFile(folder: string): string {
  return join(folder, 'serving.json');
}
