// Finds the words that docs/glossary.md rejects.

export interface Rejection {
  readonly file: string;
  readonly line: number;
  /** As it is written there. */
  readonly found: string;
  /** What the glossary has in its place. */
  readonly term: string;
}

/** One bold phrase of the page, and the terms of its rows. */
interface Rule {
  readonly pattern: RegExp;
  readonly terms: string[];
}

/** A phrase may continue in the next line, behind the mark of a comment or a quotation. */
const GAP = String.raw`\s+(?:(?://|\*|#|>)\s+)?`;

/** One rule for each phrase in bold. */
export function readGlossary(page: string): Rule[] {
  const rules = new Map<string, Rule>();
  for (const line of page.split('\n')) {
    const [, term = '', , rejected = ''] = line.split('|').map((cell) => cell.trim());
    for (const [, phrase = ''] of rejected.matchAll(/\*\*(.+?)\*\*/g)) {
      const rule = rules.get(phrase) ?? { pattern: phrasePattern(phrase), terms: [] };
      rule.terms.push(term);
      rules.set(phrase, rule);
    }
  }
  return [...rules.values()];
}

/** @returns a rejection in line 0 for one in the name of the file */
export function rejectionsIn(file: string, text: string, rules: readonly Rule[]): Rejection[] {
  const words = splitIdentifiers(`${file}\n${text}`);
  return rules.flatMap(({ pattern, terms }) =>
    [...words.matchAll(pattern)].map(({ 0: found, index }) => ({
      file,
      line: words.slice(0, index).split('\n').length - 1,
      found: found.replace(/\s+/g, ' '),
      term: terms.join(' or '),
    })),
  );
}

/** `oneWord`, `one_word` and `one-word` become `one Word` and `one word`; lines stay lines. */
function splitIdentifiers(text: string): string {
  return text
    .replaceAll('’', "'")
    .replace(/(?<=[a-z0-9])(?=[A-Z])/g, ' ')
    .replace(/(?<=[A-Za-z])[-_](?=[A-Za-z])/g, ' ');
}

function phrasePattern(phrase: string): RegExp {
  const words = splitIdentifiers(phrase).split(' ');
  const forms = words.map((word, index) => (index === 0 || index === words.length - 1 ? inflections(word) : word));
  return new RegExp(String.raw`\b${forms.join(GAP)}\b`, 'gi');
}

/** Matches the word and its inflected forms: bake, bakes, baked, baking; tidy, tidies; stop, stopping. */
function inflections(word: string): string {
  const stem = word.slice(0, -1);
  if (word.length < 3) return word;
  if (word.endsWith('e')) return `${stem}(?:e|es|ed|en|ing)`;
  if (word.endsWith('y')) return `${stem}(?:y|ys|ies|ied|ying|yed)`;
  return `${word}(?:s|es|ed|${word.at(-1)}?ing)?`;
}
