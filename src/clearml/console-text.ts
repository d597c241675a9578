// Splits a text into console events that the server stores. Pure.

/** Pieces of at most `maxBytes` (UTF-8), split after a newline if there is one, never inside a character. */
export function splitText(text: string, maxBytes: number): string[] {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return [text];
  const pieces: string[] = [];
  let start = 0;
  while (bytes.length - start > maxBytes) {
    const end = findCut(bytes, start, start + maxBytes);
    pieces.push(bytes.toString('utf8', start, end));
    start = end;
  }
  pieces.push(bytes.toString('utf8', start));
  return pieces;
}

const NEWLINE = 0x0a;

function findCut(bytes: Buffer, start: number, limit: number): number {
  const newline = bytes.lastIndexOf(NEWLINE, limit - 1);
  if (newline >= start) return newline + 1;
  let end = limit;
  while (end > start + 1 && isInsideCharacter(bytes[end])) end -= 1;
  return end;
}

/** Continuation bytes of UTF-8 are 10xxxxxx. */
function isInsideCharacter(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
