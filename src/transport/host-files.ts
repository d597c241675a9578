// Writes, lists and removes small private files on the host through its transport.
import { trustScript } from './path-trust-on-host.ts';
import type { Transport } from './transport.ts';

/** Thrown if a file could not be written; the message quotes the system's error. */
export class FileNotWrittenError extends Error {
  override readonly name = 'FileNotWrittenError';
}

const TIMEOUT_MS = 30_000;

/** Creates a new file (`set -C`), so that an existing link or file is never written through. */
const WRITE_PRIVATE = `umask 077
set -C
trusts() { clearml_is_trusted "\${1%/*}" "$3" || { echo "$clearml_why" >&2; exit 1; } }
if [ ! -d "\${1%/*}" ]; then trusts "$@" && mkdir -p -- "\${1%/*}" || exit; fi
trusts "$@" && rm -f -- "$1.tmp" && cat > "$1.tmp" && test "$(wc -c < "$1.tmp")" -eq "$2" && mv -f -- "$1.tmp" "$1"`;

/**
 * Writes a file with mode 0600 atomically and creates its directories with mode 0700. No other user may be able to change them.
 * @param trustedGroup its members may
 * @throws FileNotWrittenError
 */
export async function writePrivateFile(host: Transport, path: string, text: string, trustedGroup = ''): Promise<void> {
  const length = String(Buffer.byteLength(text));
  const result = await host.run({
    program: 'sh',
    args: ['-c', `${trustScript()}\n${WRITE_PRIVATE}`, 'sh', path, length, trustedGroup],
    stdin: text,
    timeoutMs: TIMEOUT_MS,
  });
  if (result.exitCode !== 0)
    throw new FileNotWrittenError(`cannot write ${path} on ${host.name}: ${result.stderr.trim()}`);
}

/** Removes files. A missing file is not an error. */
export async function removeFiles(host: Transport, paths: readonly string[]): Promise<void> {
  if (paths.length > 0) await host.run({ program: 'rm', args: ['-f', '--', ...paths], timeoutMs: TIMEOUT_MS });
}

/** Names of the files in the directory that are older than so many minutes; none if there is no such directory. */
export async function listOldFiles(host: Transport, folder: string, minutes: number): Promise<string[]> {
  const result = await host.run({
    program: 'find',
    args: [folder, '-maxdepth', '1', '-type', 'f', '-mmin', `+${minutes}`, '-printf', '%f\\0'],
    timeoutMs: TIMEOUT_MS,
  });
  return result.stdout.split('\0').slice(0, -1);
}
