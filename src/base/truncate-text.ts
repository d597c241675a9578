// Limits texts that users of ClearML and Slurm write: the server stores a name or a value of up to 16 MB.

/** The most characters that the journal, the history, the audit log and the memory of the daemon keep of a text. */
export const MAX_LENGTH = {
  /** Of a task, project, user or user property. */
  name: 200,
  /** A status message, for display. */
  message: 200,
  /** Why a job waits, as Slurm says it: with a list of nodes or groups. */
  slurmReason: 200,
  /** Why a task waits or has ended, in `status`. */
  shownReason: 500,
  propertyValue: 1_000,
  /** A status message or reason, as the server returns it: ours have 4,000, and are compared. */
  statusText: 5_000,
  /** A worker or user of a task, or a queue's name, as the server returns it: such a text is compared, so its limit exceeds any in use. */
  comparedText: 4_096,
  /** Any text of an audit line. A path may have 4,096. */
  auditText: 4_096,
} as const;

/** The text, or its beginning with an ellipsis; no character is split. */
export function limitText(text: string, kind: keyof typeof MAX_LENGTH): string {
  const most = MAX_LENGTH[kind];
  if (text.length <= most) return text;
  const beginning = text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '');
  // A copy: V8 keeps the whole text in memory as long as a part of it.
  return Buffer.from(`${beginning}…`).toString();
}

/** As limitText, but at most so many bytes of UTF-8. */
export function limitBytes(text: string, most: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= most) return text;
  let end = most - Buffer.byteLength('…');
  while (isContinuation(bytes[end])) end--;
  return `${bytes.toString('utf8', 0, end)}…`;
}

/** Whether a character of UTF-8 began before this byte. */
export function isContinuation(byte = 0): boolean {
  return (byte & 0xc0) === 0x80;
}
