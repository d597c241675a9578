// The pauses of a cluster and its queues: a file in the state directory that commands write and the daemon reads.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { parseJson } from '../../base/parse-json.ts';
import { replaceByPrivateFile } from '../../base/private-paths.ts';
import { unlessMissing } from '../../base/missing-files.ts';

const Pause = z.object({
  /** The name or id of the queue; null for the whole cluster. */
  queue: z.string().nullable(),
  /** When it was paused, and when it ends by itself, in milliseconds since 1970; null: only with `resume`. */
  since: z.number(),
  until: z.number().nullable(),
  reason: z.string(),
  /** The Unix user who paused it; absent if unknown. */
  by: z.string().optional(),
});
const Pauses = z.object({ pauses: z.array(Pause) });

export type Pause = z.infer<typeof Pause>;

/**
 * The pauses that have not ended.
 * @throws Error if the file exists and cannot be read: the caller must not assume that nothing is paused
 */
export async function readPauses(folder: string, now: number): Promise<Pause[]> {
  const file = pausesFile(folder);
  const text = await unlessMissing(readFile(file, 'utf8'));
  if (text === undefined) return [];
  const read = Pauses.safeParse(parseJson(text));
  if (!read.success) throw new Error(`${file} is unreadable: run clearml-agent-slurm resume, or remove the file`);
  return read.data.pauses.filter(({ until }) => until === null || until > now);
}

/** Replaces the pauses, also those of a file that cannot be read. */
export async function writePauses(folder: string, pauses: readonly Pause[]): Promise<void> {
  await replaceByPrivateFile(pausesFile(folder), `${JSON.stringify({ pauses })}\n`);
}

/** The pause of a queue: its own, else that of its cluster. */
export function pauseOf(
  pauses: readonly Pause[],
  queue: { readonly id: string; readonly name: string },
): Pause | undefined {
  return (
    pauses.find(({ queue: named }) => named !== null && (named === queue.name || named === queue.id)) ??
    pauses.find(({ queue: named }) => named === null)
  );
}

function pausesFile(folder: string): string {
  return join(folder, 'pauses.json');
}
