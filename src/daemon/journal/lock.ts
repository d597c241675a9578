// The lock file of a state directory, so that only one daemon uses it.
import { statSync } from 'node:fs';
import { link, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makePrivateDirectory } from '../../base/private-paths.ts';
import { parseJson } from '../../base/parse-json.ts';
import { unlessMissing } from '../../base/missing-files.ts';
import * as z from 'zod';
import { messageOf } from '../../base/error-message.ts';

/** Thrown when another daemon holds the state directory. */
export class AlreadyRunningError extends Error {
  override readonly name = 'AlreadyRunningError';
}

/** Thrown when the state directory cannot be created, read or written. */
export class StateDirectoryError extends Error {
  override readonly name = 'StateDirectoryError';
}

/** Thrown when the state directory was deleted, or its journal replaced, while the daemon used it: the process ends, and may start again. */
export class StateDirectoryLostError extends Error {
  override readonly name = 'StateDirectoryLostError';
}

export interface Lock {
  /**
   * Shows other hosts that this daemon is alive.
   * @throws AlreadyRunningError if another daemon holds the directory by now
   * @throws StateDirectoryLostError if the directory was deleted: nothing would record what the daemon does
   */
  touch(): Promise<void>;
  /** Releases the directory, if it is still ours. */
  release(): Promise<void>;
}

const Holder = z.object({
  host: z.string(),
  pid: z.number(),
  /** Start time of the process in clock ticks, because the system reuses process ids. */
  begun: z.string(),
  since: z.number(),
});

export type Holder = z.infer<typeof Holder>;

/** So many touches in a row must find the directory deleted: a backup may only have renamed it for a moment. */
const LOST_AFTER = 3;

/** A holder on another host that has not touched the lock for this long counts as dead. */
const STALE_AFTER_MS = 5 * 60_000;

/**
 * Acquires the lock. A lock that a dead process left is replaced.
 * @param since when the daemon started, for display
 * @throws AlreadyRunningError with the host, the process and the start time of the holder
 * @throws StateDirectoryError if the directory cannot be created or written
 */
export async function acquireLock(folder: string, host: string, now: number, since = now): Promise<Lock> {
  const file = join(folder, 'daemon.lock');
  await makePrivateDirectory(folder).catch((error: unknown) => rejectDirectory(folder, error));
  const holder: Holder = { host, pid: process.pid, begun: (await startTimeOf(process.pid)) ?? '', since };
  let unreadable: unknown;

  for (let tries = 0; tries < 3; tries += 1) {
    if (await createLockFile(file, holder)) return lockOf(file, holder, await deviceOf(folder));
    try {
      const held = await readLiveHolder(file, host, now);
      if (held !== undefined) throw new AlreadyRunningError(describe(held, folder));
    } catch (error) {
      if (error instanceof AlreadyRunningError) throw error;
      // A daemon may hold it: to remove it would let two daemons write one journal.
      unreadable = error;
      continue;
    }
    await rm(file, { force: true });
  }
  if (unreadable !== undefined) return rejectDirectory(folder, unreadable);
  throw new AlreadyRunningError(`Other processes keep taking the lock ${file}. Start one daemon at a time.`);
}

/** Returns the live holder, if any, without changing anything. @throws StateDirectoryError if the lock cannot be read */
export async function findHolder(folder: string, host: string, now: number): Promise<Holder | undefined> {
  try {
    return await readLiveHolder(join(folder, 'daemon.lock'), host, now);
  } catch (error) {
    throw new StateDirectoryError(
      `Cannot tell whether a daemon uses the state directory ${folder}: ${messageOf(error)}. Run this command as the Unix user of the daemon.`,
    );
  }
}

let drafts = 0;

/** Creates the file with its text atomically. False if it exists already. */
async function createLockFile(file: string, holder: Holder): Promise<boolean> {
  // One draft per call, so that EEXIST always means the lock, never a draft.
  drafts += 1;
  const draft = `${file}.${holder.host}-${holder.pid}-${drafts}`;
  try {
    await rm(draft, { force: true });
    await writeFile(draft, JSON.stringify(holder), { mode: 0o600, flag: 'wx' });
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    return rejectDirectory(dirname(file), error);
  } finally {
    await rm(draft, { force: true });
  }
}

function lockOf(file: string, holder: Holder, initialDevice: number | undefined): Lock {
  const folder = dirname(file);
  let device = initialDevice;
  let deleted = 0;

  /** Two daemons that found the same dead holder may both have created theirs; a suspended machine may have counted as dead. */
  async function findOther(): Promise<Holder | undefined> {
    // An error may be temporary, and does not show another daemon.
    const held = await readHolder(file).catch(() => undefined);
    const isOurs = held?.host === holder.host && held.pid === holder.pid && held.since === holder.since;
    return isOurs ? undefined : held;
  }

  /** Any error but ENOENT may be temporary. */
  async function noteFolder(): Promise<void> {
    const seen = await deviceOf(folder).catch(() => device);
    // The device of a network file system may change when it is mounted again.
    device = seen ?? device;
    deleted = seen === undefined && (await nearestDevice(folder)) === device ? deleted + 1 : 0;
    if (deleted >= LOST_AFTER) throw new StateDirectoryLostError(describeLoss(folder));
  }

  return {
    async touch() {
      const other = await findOther();
      if (other !== undefined) throw new AlreadyRunningError(describe(other, folder));
      await noteFolder();
      const now = new Date();
      await utimes(file, now, now).catch(() => createLockFile(file, holder).catch(() => undefined));
    },
    async release() {
      if ((await findOther()) === undefined) await rm(file, { force: true });
    },
  };
}

/** Returns the device that the path is on, or undefined if it does not exist. */
async function deviceOf(path: string): Promise<number | undefined> {
  return (await unlessMissing(stat(path)))?.dev;
}

/**
 * Returns the device of the nearest parent that exists. It differs from that of a directory whose file system is not mounted: such a
 * directory was not deleted. Undefined if that is unknown.
 */
async function nearestDevice(folder: string): Promise<number | undefined> {
  try {
    for (let parent = dirname(folder); ; parent = dirname(parent)) {
      const device = await deviceOf(parent);
      if (device !== undefined || parent === dirname(parent)) return device;
    }
  } catch {
    return undefined;
  }
}

export function describeLoss(folder: string): string {
  return `The state directory ${folder} was deleted while this daemon used it, so the daemon ends. Its jobs keep running. Start the daemon again: it finds the jobs without the journal.`;
}

function describe({ pid, host, since }: Holder, folder: string): string {
  return `Another clearml-agent-slurm (process ${pid} on ${host}, since ${new Date(since).toISOString()}) uses the state directory ${folder}. Stop it, or set agent.slurm.state_dir to another directory.`;
}

/** @throws StateDirectoryError */
export function rejectDirectory(folder: string, error: unknown): never {
  throw new StateDirectoryError(
    `The state directory ${folder} cannot be used: ${messageOf(error)}. Set agent.slurm.state_dir to a directory that you own.`,
  );
}

/** A file that was torn by a crash, or just removed, is not held. @throws the errors of the file system that leave it open */
async function readHolder(file: string): Promise<Holder | undefined> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return '';
    throw error;
  });
  return Holder.safeParse(parseJson(text)).data;
}

async function readLiveHolder(file: string, host: string, now: number): Promise<Holder | undefined> {
  const held = await readHolder(file);
  if (held?.host === host) return (await startTimeOf(held.pid)) === held.begun ? held : undefined;
  // If it was released since it was read, it is not held. A failed stat throws: it does not show a release.
  const seen = held && statSync(file, { throwIfNoEntry: false });
  return seen !== undefined && now - seen.mtimeMs < STALE_AFTER_MS ? held : undefined;
}

/** Returns the start time of a process (proc(5) stat, field 22), or undefined if there is none. */
async function startTimeOf(pid: number): Promise<string | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
