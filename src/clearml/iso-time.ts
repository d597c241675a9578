// The server's times (ISO 8601, with or without a fraction) as milliseconds since 1970.

/** Undefined for what isn't a time. A time without a zone is UTC, as everything on the server. */
export function readTime(text: string): number | undefined {
  const hasZone = text.endsWith('Z') || /(?:z|[+-]\d\d:?\d\d)$/.test(text);
  const at = Date.parse(hasZone ? text : `${text}Z`);
  return Number.isNaN(at) ? undefined : at;
}
