// Formats text for man(1); text that troff would interpret is escaped. Pure.

/** `code` in the text becomes bold. */
export function roffText(text: string): string {
  const escaped = text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll("'", '\\(aq');
  const shown = escaped.replace(/`([^`]*)`/g, '\\fB$1\\fR');
  const ascii = shown.replace(
    /[^\n -~]/gu,
    (sign) => `\\[u${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
  );
  return ascii.replace(/^\./gm, '\\&.');
}

export function roffSection(title: string, ...parts: readonly string[]): string {
  return `.SH ${title.toUpperCase()}\n${parts.join('')}`;
}

export function roffParagraph(text: string): string {
  return `.PP\n${roffText(text)}\n`;
}

/** A term and its description. */
export function roffItem(term: string, text: string): string {
  return `.TP\n\\fB${roffText(term)}\\fR\n${roffText(text)}\n`;
}

/** Lines to type. */
export function roffExample(text: string): string {
  return `.PP\n.EX\n${roffText(text)}\n.EE\n`;
}

/** Ragged-right and without hyphenation, because most words are names. @param title in capitals, as man shows it */
export function roffPage(title: string, section: 1 | 5, parts: readonly string[]): string {
  return `.\\" Made from the source; it is changed there.\n.TH ${roffText(title)} ${section}\n.ad l\n.nh\n${parts.join('')}`;
}
