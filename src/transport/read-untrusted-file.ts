// Reads a file whose path or content another user may control: only a regular file of the expected owner, never through a link.
import { CommandTimeoutError } from './errors.ts';
import type { Transport } from './transport.ts';

export interface UntrustedFile {
  readonly path: string;
  /** Uid of the expected owner. */
  readonly owner: number;
}

export interface FilePart {
  readonly text: string;
  /** Offsets of the part in the file, in bytes. */
  readonly start: number;
  readonly end: number;
}

/** `refused`: the file is not as expected. `why` completes a sentence that starts with "the file". */
export type ReadOutcome =
  | ({ readonly kind: 'read' } & FilePart)
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'too slow' }
  | { readonly kind: 'refused'; readonly why: string };

export interface ReadRequest {
  /** Start offset; negative values count from the end. Beyond the end, the file was truncated and is read from its start. */
  readonly from: number;
  /** Maximum number of bytes. */
  readonly max: number;
}

const TIMEOUT_MS = 10_000;

const REFUSALS: ReadonlyMap<string, string> = new Map([
  ['link', 'is a symbolic link'],
  ['kind', 'is not a regular file'],
  ['owner', 'does not belong to the user of the job'],
  ['links', 'has a second name (a hard link)'],
  ['place', 'is in /proc, /sys or /dev'],
  ['changed', 'was replaced while it was opened'],
]);

/**
 * For POSIX sh with stat, readlink and dd of GNU or busybox, none of which can open a file without following links. So the script opens
 * the file first and checks the open file through /proc/self/fd: its owner could have written it, and the path must still name it
 * without a link. A FIFO is not opened, as that would block; if one appears in between, the timeout ends the script.
 */
const READ_PART = `
refuse() { echo "refused $1"; exit 0; }
[ -L "$1" ] && refuse link
[ -e "$1" ] || exit 1
[ -f "$1" ] || refuse kind
exec 3< "$1" || exit 1
opened=$(stat -L -c '%f %u %h %s %d:%i' /proc/self/fd/3) || exit 1
named=$(stat -c '%f %d:%i' -- "$1") || refuse changed
place=$(readlink /proc/self/fd/3) || exit 1
owner=$2 from=$3 most=$4
set -- $opened
case $1 in 8???) ;; *) refuse kind ;; esac
[ "$named" = "$1 $5" ] || refuse changed
[ "$2" = "$owner" ] || refuse owner
[ "$3" = 1 ] || refuse links
case $place in /proc/* | /sys/* | /dev/*) refuse place ;; esac
size=$4
[ "$from" -ge 0 ] || from=$((size + from))
[ "$from" -ge 0 ] && [ "$from" -le "$size" ] || from=0
length=$((size - from))
[ "$length" -le "$most" ] || length=$most
echo "part $from $((from + length))"
[ "$length" -gt 0 ] || exit 0
dd bs=4096 skip="$((from / 4096))" count="$((length / 4096 + 2))" <&3 2> /dev/null |
  tail -c "+$((from % 4096 + 1))" | head -c "$length"`;

/** @throws as `Transport.run`, except for a timeout */
export async function readUntrustedFile(
  host: Transport,
  { path, owner }: UntrustedFile,
  { from, max }: ReadRequest,
): Promise<ReadOutcome> {
  const args = ['-c', READ_PART, 'sh', path, String(owner), String(from), String(max)];
  try {
    const { exitCode, stdout } = await host.run({ program: 'sh', args, timeoutMs: TIMEOUT_MS });
    return exitCode === 0 ? parseResult(stdout) : { kind: 'unreadable' };
  } catch (error) {
    if (error instanceof CommandTimeoutError) return { kind: 'too slow' };
    throw error;
  }
}

function parseResult(stdout: string): ReadOutcome {
  const lineEnd = stdout.indexOf('\n');
  const [kind, first = '', second] = stdout.slice(0, Math.max(0, lineEnd)).split(' ');
  const why = kind === 'refused' ? REFUSALS.get(first) : undefined;
  if (why !== undefined) return { kind: 'refused', why };
  if (kind !== 'part' || second === undefined) return { kind: 'unreadable' };
  return { kind: 'read', text: stdout.slice(lineEnd + 1), start: Number(first), end: Number(second) };
}
