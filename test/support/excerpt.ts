// Shortens a long text for a test title.

const MOST = 120;

/** Returns the beginning of the text, up to the end of a word. */
export function beginningOf(text: string): string {
  return text.length <= MOST ? text : `${text.slice(0, MOST).replace(/\s+\S*$/, '')} …`;
}

/** Returns the beginning and the end of the text, because many error messages name their cause at the end. */
export function bothEndsOf(text: string): string {
  return text.length <= MOST
    ? text
    : `${text.slice(0, MOST / 3)} … ${text.slice((-MOST * 2) / 3).replace(/^\S*\s+/, '')}`;
}
