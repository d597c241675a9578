// Small files on the host, through the same corridor as every command: written whole and private, read from their end.
import type { Host } from './host.ts';

/** Thrown when a file on the host could not be written: what the system said is in the message. */
export class FileNotWritten extends Error {
  override readonly name = 'FileNotWritten';
}

const TIMEOUT_MS = 30_000;

/** Writes a file of mode 0600, whole or not at all, and the folders above it of mode 0700. @throws FileNotWritten */
export async function writePrivateFile(host: Host, path: string, text: string): Promise<void> {
  const script =
    'umask 077 && mkdir -p -- "${1%/*}" && cat > "$1.tmp" && test "$(wc -c < "$1.tmp")" -eq "$2" && mv -f -- "$1.tmp" "$1"';
  const length = String(Buffer.byteLength(text));
  const result = await host.run({
    program: 'sh',
    args: ['-c', script, 'sh', path, length],
    stdin: text,
    timeoutMs: TIMEOUT_MS,
  });
  if (result.exitCode !== 0)
    throw new FileNotWritten(`${path} could not be written on ${host.name}: ${result.stderr.trim()}`);
}

/** Removes files; one that is not there is as good. */
export async function removeFiles(host: Host, paths: readonly string[]): Promise<void> {
  if (paths.length > 0) await host.run({ program: 'rm', args: ['-f', '--', ...paths], timeoutMs: TIMEOUT_MS });
}

/** The names of the files in this folder that are older than so many minutes; none where there is no such folder. */
export async function listOldFiles(host: Host, folder: string, minutes: number): Promise<string[]> {
  const result = await host.run({
    program: 'find',
    args: [folder, '-maxdepth', '1', '-type', 'f', '-mmin', `+${minutes}`, '-printf', '%f\\0'],
    timeoutMs: TIMEOUT_MS,
  });
  return result.stdout.split('\0').slice(0, -1);
}

/** The last bytes of a file, or undefined when it can't be read from here. */
export async function readTail(host: Host, path: string, bytes: number): Promise<string | undefined> {
  const result = await host.run({ program: 'tail', args: ['-c', String(bytes), '--', path], timeoutMs: TIMEOUT_MS });
  return result.exitCode === 0 ? result.stdout : undefined;
}

export interface FilePart {
  readonly text: string;
  /** Where the part ends, in bytes from the beginning of the file. */
  readonly end: number;
}

/** One look at a file that grows, so that the part ends where its length was taken. */
const READ_PART = `size=$(stat -L -c %s -- "$1") || exit 1
from=$2
[ "$from" -ge 0 ] || from=$((size + from))
[ "$from" -ge 0 ] && [ "$from" -le "$size" ] || from=0
echo "$size"
tail -c "+$((from + 1))" -- "$1" | head -c "$((size - from))"`;

/**
 * A file from this byte to its end, or undefined when it can't be read from here.
 * @param from below zero it is counted from the end; beyond the end the file has begun anew, and is read from its beginning
 */
export async function readFrom(host: Host, path: string, from: number): Promise<FilePart | undefined> {
  const args = ['-c', READ_PART, 'sh', path, String(from)];
  const result = await host.run({ program: 'sh', args, timeoutMs: TIMEOUT_MS });
  const lineEnd = result.stdout.indexOf('\n');
  if (result.exitCode !== 0 || lineEnd === -1) return undefined;
  return { text: result.stdout.slice(lineEnd + 1), end: Number(result.stdout.slice(0, lineEnd)) };
}
