// A text in lines of so many columns, broken between words.

/** Each line has this indent and ends in a newline. A word that is longer than a line stands alone. */
export function wrapText(
  text: string,
  { indent = '', width }: { readonly indent?: string; readonly width: number },
): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(indent + word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.map((line) => `${line}\n`).join('');
}
