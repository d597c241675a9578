// What a daemon serves and whether it drains, noted in its state folder for whoever asks.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { replaceByPrivateFile } from '../../base/private-file.ts';
import type { Holder } from '../journal/lock.ts';

const Note = z.object({ pid: z.number(), queues: z.array(z.string()), draining: z.boolean() });

/** To be called by the daemon that holds the folder. A note that can't be written is none: it is for people alone. */
export async function writeServingNote(
  folder: string,
  { queues, draining }: { readonly queues: readonly string[]; readonly draining: boolean },
): Promise<void> {
  const text = `${JSON.stringify({ pid: process.pid, queues, draining })}\n`;
  await replaceByPrivateFile(noteFile(folder), text).catch(() => undefined);
}

export interface Served {
  /** The names of the queues that were served last; undefined when nobody knows. */
  readonly queues: readonly string[] | undefined;
  readonly draining: boolean;
}

/** A note that a killed daemon has left tells of its queues, and not that this holder drains. */
export async function readServingNote(folder: string, holder: Holder | undefined): Promise<Served> {
  try {
    const file = noteFile(folder);
    const { mtimeMs } = await stat(file);
    const { pid, queues, draining } = Note.parse(JSON.parse(await readFile(file, 'utf8')));
    const isOfHolder = holder?.pid === pid && mtimeMs >= holder.since - CLOCKS_APART_MS;
    return { queues, draining: draining && isOfHolder };
  } catch {
    return { queues: undefined, draining: false };
  }
}

/** The times of a file server's files are its own. */
const CLOCKS_APART_MS = 5_000;

function noteFile(folder: string): string {
  return join(folder, 'serving.json');
}
