// Runs a rendered script in a real shell and an empty directory, with a command that records its arguments.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

export interface BashRun {
  /** The words of each call of `show KEY WORD…`, by key. */
  readonly shown: ReadonlyMap<string, readonly string[]>;
  /** The files in its directory after the run: none, unless a value ran. */
  readonly leftBehind: readonly string[];
  readonly standardError: string;
}

/** Number of words, then the words, each ended by a NUL: no value can be mistaken for two. */
const SHOW = `show() { printf '%s\\0' "$#" "$@" >&3; }\n`;

/** Only bash exports functions, and has special patterns, which must be enabled before a line with one is parsed. */
const BASH_ONLY = 'export -f show; shopt -s extglob\n';

/** The shells under test: those of FUZZ_SHELLS, parted by colons, else the ones on PATH that templates are written for. */
export const SHELLS: readonly string[] = (process.env['FUZZ_SHELLS'] ?? 'bash:dash').split(':');

export function isBash(shell: string): boolean {
  return basename(shell).startsWith('bash');
}

export function runInBash(script: string): Promise<BashRun> {
  return runInShell('bash', script);
}

export async function runInShell(shell: string, script: string): Promise<BashRun> {
  const folder = await mkdtemp(join(tmpdir(), 'places-'));
  try {
    const work = join(folder, 'work');
    await writeFile(join(folder, 'script'), SHOW + (isBash(shell) ? BASH_ONLY : '') + script);
    const command = `mkdir "$0/work" && cd "$0/work" && exec "$1" "$0/script" 3>"$0/shown"`;
    const standardError = await standardErrorOf(command, folder, shell);
    return {
      shown: readShown(await readFile(join(folder, 'shown'), 'utf8')),
      leftBehind: await readdir(work, { recursive: true }),
      standardError,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The output, whether the script succeeded or not: tests check what the script did, not how it ended. */
async function standardErrorOf(command: string, folder: string, shell: string): Promise<string> {
  try {
    return (await execute('bash', ['-c', command, folder, shell], { maxBuffer: 64 * 1024 * 1024 })).stderr;
  } catch (error) {
    if (error instanceof Error && 'stderr' in error && typeof error.stderr === 'string') return error.stderr;
    throw error;
  }
}

function readShown(output: string): Map<string, string[]> {
  const shown = new Map<string, string[]>();
  const fields = output.split('\0');
  for (let at = 0; at < fields.length - 1;) {
    const count = Number(fields[at]);
    const [key = '', ...words] = fields.slice(at + 1, at + 1 + count);
    shown.set(key, words);
    at += 1 + count;
  }
  return shown;
}
