// Small files of our own on the host, through the same transport as every command: written whole and private, and removed.
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
