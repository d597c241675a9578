// One daemon for one state folder: who holds it says so in a file, and a second one is refused with a sentence.
import { statSync } from 'node:fs';
import { link, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makePrivateDirectory } from '../../base/private-directory.ts';
import * as z from 'zod';

/** Thrown when another daemon holds the state folder. */
export class AlreadyRunningError extends Error {
  override readonly name = 'AlreadyRunningError';
}

/** Thrown when the state folder can't be made or written to. */
export class StateDirectoryError extends Error {
  override readonly name = 'StateDirectoryError';
}

export interface Lock {
  /** Tells other hosts that this daemon is alive. @throws AlreadyRunningError when the folder is another daemon's by now */
  touch(): Promise<void>;
  /** Gives the folder up, if it is still ours. */
  release(): Promise<void>;
}

export interface Holder {
  readonly host: string;
  readonly pid: number;
  /** When the process began, in the system's own ticks: a process id alone is handed out again. */
  readonly begun: string;
  readonly since: number;
}

const Held = z.object({ host: z.string(), pid: z.number(), begun: z.string(), since: z.number() });

/** A holder on another host that has not touched the lock for so long is taken for dead. */
const STALE_AFTER_MS = 5 * 60_000;

/**
 * Takes the folder. A lock left by a dead process is replaced.
 * @throws AlreadyRunningError naming the host, the process and since when
 * @throws StateDirectoryError when the folder can't be made or written to
 */
export async function acquireLock(folder: string, host: string, now: number): Promise<Lock> {
  const file = join(folder, 'daemon.lock');
  await makePrivateDirectory(folder).catch((error: unknown) => rejectDirectory(folder, error));
  const holder: Holder = { host, pid: process.pid, begun: (await startTimeOf(process.pid)) ?? '', since: now };

  for (let tries = 0; tries < 3; tries += 1) {
    if (await createLockFile(file, holder)) return lockOf(file, holder);
    const held = await readHolder(file);
    if (held !== undefined && (await isAlive(held, file, host, now)))
      throw new AlreadyRunningError(describe(held, folder));
    await rm(file, { force: true });
  }
  throw new AlreadyRunningError(`Other processes keep taking the lock ${file}. Start one daemon at a time.`);
}

/** Who holds the folder and lives; nothing is changed. */
export async function findHolder(folder: string, host: string, now: number): Promise<Holder | undefined> {
  const file = join(folder, 'daemon.lock');
  const held = await readHolder(file);
  return held !== undefined && (await isAlive(held, file, host, now)) ? held : undefined;
}

let drafts = 0;

/** Puts the file there with its whole text in one act. False when there is one already. */
async function createLockFile(file: string, holder: Holder): Promise<boolean> {
  // One for each call: an EEXIST is to tell of the lock, and never of a draft.
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

function lockOf(file: string, holder: Holder): Lock {
  /** Two that found the same dead holder may both have put theirs, and a machine that slept was taken for dead. */
  async function findOther(): Promise<Holder | undefined> {
    const held = await readHolder(file);
    const isOurs = held?.host === holder.host && held.pid === holder.pid && held.since === holder.since;
    return isOurs ? undefined : held;
  }

  return {
    async touch() {
      const other = await findOther();
      if (other !== undefined) throw new AlreadyRunningError(describe(other, dirname(file)));
      const now = new Date();
      // A folder that is gone takes the journal with it, and that says so.
      await utimes(file, now, now).catch(() => createLockFile(file, holder).catch(() => undefined));
    },
    async release() {
      if ((await findOther()) === undefined) await rm(file, { force: true });
    },
  };
}

function describe({ pid, host, since }: Holder, folder: string): string {
  return `Another clearml-agent-slurm (process ${pid} on ${host}, since ${new Date(since).toISOString()}) uses the state directory ${folder}. Stop it, or set agent.slurm.state_dir to another directory.`;
}

function rejectDirectory(folder: string, error: unknown): never {
  const why = error instanceof Error ? error.message : String(error);
  throw new StateDirectoryError(
    `The state directory ${folder} cannot be used: ${why}. Set agent.slurm.state_dir to a directory that you own.`,
  );
}

async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    const read = Held.safeParse(JSON.parse(await readFile(file, 'utf8')));
    return read.success ? read.data : undefined;
  } catch {
    // Torn by a crash, or just removed: nobody holds it.
    return undefined;
  }
}

async function isAlive(held: Holder, file: string, host: string, now: number): Promise<boolean> {
  if (held.host === host) return (await startTimeOf(held.pid)) === held.begun;
  // Given up since it was read, it is nobody's. What can't be looked at is no sign of that.
  const seen = statSync(file, { throwIfNoEntry: false });
  return seen !== undefined && now - seen.mtimeMs < STALE_AFTER_MS;
}

/** When a process began (field 22 of proc(5) stat), or undefined when there is none. */
async function startTimeOf(pid: number): Promise<string | undefined> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
