// Times in the server's format: ISO 8601 in UTC with microseconds, which are omitted if zero.

/** Milliseconds since 1970 as e.g. `2025-01-01T10:00:00.123000+00:00`. */
export function formatInstant(atMs: number): string {
  const iso = new Date(atMs).toISOString();
  const millis = iso.slice(20, 23);
  return `${iso.slice(0, 19)}${millis === '000' ? '' : `.${millis}000`}+00:00`;
}

/** Milliseconds since 1970, or undefined if the text is not a time. A text without a zone is UTC, as on the server. */
export function parseInstant(text: string): number | undefined {
  const hasZone = /(?:Z|[+-]\d\d:?\d\d)$/i.test(text);
  const at = Date.parse(hasZone || !text.includes('T') ? text : `${text}Z`);
  return Number.isNaN(at) ? undefined : at;
}
