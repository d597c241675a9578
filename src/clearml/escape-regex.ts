// A text as a part of a regular expression that the server reads.

/** The same characters that Python's `re.escape` escapes: MongoDB and Python both understand that. */
export function escapeRegex(text: string): string {
  return text.replace(/[()[\]{}?*+\-|^$\\.&~# \t\n\r\v\f]/g, '\\$&');
}
