// Splits a text that may be a command line leniently into words, with their positions.

export interface TextWord {
  readonly start: number;
  readonly end: number;
  /** Without quotes and backslashes. */
  readonly value: string;
}

/** An unclosed quote extends to the end. Never throws, because most texts are not command lines. */
export function textWords(text: string): TextWord[] {
  const words: TextWord[] = [];
  const pieces = /"(?:[^"\\]|\\[^])*(?:"|\\?$)|'[^']*(?:'|$)|\\[^]|[^\s"'\\]+|\\$/g;
  for (const { 0: piece, index } of text.matchAll(pieces)) {
    const value = unquoted(piece);
    const last = words.at(-1);
    if (last?.end === index)
      words[words.length - 1] = { ...last, end: index + piece.length, value: last.value + value };
    else words.push({ start: index, end: index + piece.length, value });
  }
  return words;
}

function unquoted(piece: string): string {
  if (piece.startsWith('"'))
    return piece
      .slice(1)
      .replace(/"$/, '')
      .replaceAll(/\\([^])/g, '$1');
  if (piece.startsWith("'")) return piece.slice(1).replace(/'$/, '');
  return piece.replaceAll(/\\([^])/g, '$1');
}
