// Limits texts that users of ClearML and Slurm write: the server stores a name or a value of up to 16 MB.

/** The most characters that the journal, the history, the audit log and the memory of the daemon keep of a text. */
export const MAX_LENGTH = {
  /** Of a task, project, user or user property. */
  name: 200,
  /** A status message, for display. */
  message: 200,
  propertyValue: 1_000,
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
