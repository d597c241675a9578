// The files of the HTTP server in the state directory: its token, and the address on which it listens; and the URL that they give.
import { open, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod';
import { createPrivateFile, replaceByPrivateFile, makePrivateDirectory } from '../base/private-paths.ts';
import { readJsonFile } from '../base/missing-files.ts';
import type { ClusterSettings } from '../config/cluster-settings.ts';
import type { HttpSettings } from '../config/schema/http-schema.ts';
import { daemonLogFile } from '../daemon/serve/daemon-log.ts';
import { StateDirectoryError } from '../daemon/journal/lock.ts';
import { newToken } from './authorize-request.ts';
import { messageOf } from '../base/error-message.ts';
import { isIPv6 } from 'node:net';
import type { Configured } from '../assembly/load-trusted-config.ts';

const Note = z.object({
  pid: z.number(),
  /** undefined: only the Unix socket. */
  address: z.object({ host: z.string(), port: z.number() }).optional(),
  unixSocket: z.string().optional(),
});

/** Where a daemon listens. */
export type ListenNote = z.infer<typeof Note>;

function folderOf(clusters: readonly ClusterSettings[]): string {
  return dirname(daemonLogFile(clusters));
}

export function tokenFile(clusters: readonly ClusterSettings[], http: HttpSettings | undefined): string {
  return http?.tokenFile ?? join(folderOf(clusters), 'http-token');
}

const SHORTEST_TOKEN = 32;

/**
 * Reads the token, or creates the file with a new one.
 * @throws StateDirectoryError if the file cannot be used, or others can read it
 */
export async function readOrMakeToken(file: string): Promise<string> {
  try {
    await makePrivateDirectory(dirname(file));
    await createPrivateFile(file, `${newToken()}\n`).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    });
    const handle = await open(file, 'r');
    try {
      const { mode, uid } = await handle.stat();
      if (uid !== process.getuid?.() || (mode & 0o077) !== 0) throw new Error('other users can read it; run chmod 600');
      const token = (await handle.readFile('utf8')).trim();
      if (!/^[\w~+/.=-]+$/.test(token) || token.length < SHORTEST_TOKEN)
        throw new Error(`a token must have at least ${SHORTEST_TOKEN} letters and digits`);
      return token;
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new StateDirectoryError(`The HTTP token file ${file} cannot be used: ${messageOf(error)}.`);
  }
}

const NOTE_FILE = 'http.json';

/** Of the only cluster that a daemon serves, because another daemon may serve other clusters of the same configuration. */
function noteFile(clusters: readonly ClusterSettings[]): string {
  const [only, another] = clusters;
  return join(only !== undefined && another === undefined ? only.stateDir : folderOf(clusters), NOTE_FILE);
}

/** Failure is ignored: the note is only for display. */
export async function writeListenNote(clusters: readonly ClusterSettings[], note: ListenNote): Promise<void> {
  await replaceByPrivateFile(noteFile(clusters), noteText(note)).catch(() => undefined);
}

/** Removes this note, but not the one that another daemon of the same directory has written since. Failure is ignored. */
export async function removeListenNote(clusters: readonly ClusterSettings[], note: ListenNote): Promise<void> {
  try {
    const file = noteFile(clusters);
    if ((await readFile(file, 'utf8')) === noteText(note)) await rm(file, { force: true });
  } catch {
    // A note that is left behind names a process that has ended.
  }
}

function noteText(note: ListenNote): string {
  return `${JSON.stringify(note)}\n`;
}

/** Where these daemons listen. A killed daemon leaves its note. */
async function readListenNotes(
  clusters: readonly ClusterSettings[],
  pids: readonly number[],
): Promise<readonly ListenNote[]> {
  const folders = new Set([...clusters.map(({ stateDir }) => stateDir), folderOf(clusters)]);
  const notes = await Promise.all([...folders].map((folder) => readJsonFile(join(folder, NOTE_FILE), Note)));
  return notes.flatMap((note) => (note !== undefined && pids.includes(note.pid) ? [note] : []));
}

/** Addresses that mean every address of this machine. */
const ANY_ADDRESS = ['0.0.0.0', '::'];

/**
 * The URL with the token, and the command that makes it reachable from another machine, of each of these daemons; empty if they serve no
 * page.
 * @throws StateDirectoryError if the token cannot be read
 */
export async function describeWeb(here: Configured, pids: readonly number[]): Promise<string> {
  const notes = await readListenNotes(here.config.settings.clusters, pids);
  return (await Promise.all(notes.map((note) => describeNote(here, note)))).join('\n');
}

async function describeNote({ config, context }: Configured, { address, unixSocket }: ListenNote): Promise<string> {
  const { clusters, http } = config.settings;
  const login = `${context.environment['USER'] ?? 'USER'}@${context.hostName}`;
  if (address === undefined) {
    return `The status page is on a Unix socket. From your computer:\n    ssh -N -L 8910:${unixSocket ?? ''} ${login}\nThen open http://localhost:8910/\n`;
  }
  const token = await readOrMakeToken(tokenFile(clusters, http));
  const { host, port } = address;
  const isAny = ANY_ADDRESS.includes(host);
  const shown = isAny ? context.hostName : isIPv6(host) ? `[${host}]` : host;
  const inside = isAny ? 'localhost' : shown;
  return (
    `The status page is at\n    http://${shown}:${port}/?token=${token}\n` +
    `On your computer, run this command and keep it running:\n    ssh -N -L ${port}:${inside}:${port} ${login}\n` +
    `Then open\n    http://localhost:${port}/?token=${token}\n` +
    'Everyone who has this URL can read the page: keep the URL secret.\n'
  );
}
