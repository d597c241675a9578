// Small files of our own on the host, through the same transport as every command: written whole and private, and removed.
import { trustScript } from '../base/trust-script.ts';
import type { Transport } from './transport.ts';

/** Thrown when a file on the host could not be written: what the system said is in the message. */
export class FileNotWrittenError extends Error {
  override readonly name = 'FileNotWrittenError';
}

const TIMEOUT_MS = 30_000;

/** Made anew, so that nothing that stands in its place is written through. */
const WRITE_PRIVATE = `umask 077
set -C
trusts() { clearml_is_trusted "\${1%/*}" "$3" || { echo "$clearml_why" >&2; exit 1; } }
if [ ! -d "\${1%/*}" ]; then trusts "$@" && mkdir -p -- "\${1%/*}" || exit; fi
trusts "$@" && rm -f -- "$1.tmp" && cat > "$1.tmp" && test "$(wc -c < "$1.tmp")" -eq "$2" && mv -f -- "$1.tmp" "$1"`;

/**
 * Writes a file of mode 0600, whole or not at all, and the folders above it of mode 0700. Nobody else may be able to change them.
 * @param trustedGroup of which the members may
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
    throw new FileNotWrittenError(`${path} could not be written on ${host.name}: ${result.stderr.trim()}`);
}

/** Why others can change what this path names there, or undefined. */
export async function distrustThere(host: Transport, path: string, trustedGroup = ''): Promise<string | undefined> {
  const script = `${trustScript()}\nclearml_is_trusted "$1" "$2" || { echo "$clearml_why"; exit 1; }`;
  const args = ['-c', script, 'sh', path, trustedGroup];
  const { exitCode, stdout, stderr } = await host.run({ program: 'sh', args, timeoutMs: TIMEOUT_MS });
  return exitCode === 0 ? undefined : (stdout + stderr).trim();
}

/** Removes files; one that is not there is as good. */
export async function removeFiles(host: Transport, paths: readonly string[]): Promise<void> {
  if (paths.length > 0) await host.run({ program: 'rm', args: ['-f', '--', ...paths], timeoutMs: TIMEOUT_MS });
}

/** The names of the files in this folder that are older than so many minutes; none where there is no such folder. */
export async function listOldFiles(host: Transport, folder: string, minutes: number): Promise<string[]> {
  const result = await host.run({
    program: 'find',
    args: [folder, '-maxdepth', '1', '-type', 'f', '-mmin', `+${minutes}`, '-printf', '%f\\0'],
    timeoutMs: TIMEOUT_MS,
  });
  return result.stdout.split('\0').slice(0, -1);
}
