// The server's times (ISO 8601, with or without a fraction) as milliseconds since 1970.

/** Undefined if the text is no time. A time without a zone is UTC, as all times of the server. */
export function parseTime(text: string): number | undefined {
  const hasZone = text.endsWith('Z') || /(?:z|[+-]\d\d:?\d\d)$/.test(text);
  const at = Date.parse(hasZone ? text : `${text}Z`);
  return Number.isNaN(at) ? undefined : at;
}
