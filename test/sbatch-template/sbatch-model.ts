// A model of how several generations of sbatch parse directives, after src/sbatch/opt.c of Slurm.

export interface SbatchGeneration {
  readonly name: string;
  /** 20.11 erases `hetjob` and `packjob` anywhere in the line; later releases only as whole words. */
  readonly placeholdersAnywhere: boolean;
  /** From 23.11 on, a backslash also escapes a space outside quotes. */
  readonly escapesPlaceholders: boolean;
}

export const GENERATIONS: readonly SbatchGeneration[] = [
  { name: '20.11', placeholdersAnywhere: true, escapesPlaceholders: false },
  { name: '22.05', placeholdersAnywhere: false, escapesPlaceholders: false },
  { name: '26.05', placeholdersAnywhere: false, escapesPlaceholders: true },
];

/** The words that sbatch parses from all directives of a script, in order. @throws what sbatch would reject */
export function parseDirectives(script: string, generation: SbatchGeneration): string[] {
  const words: string[] = [];
  for (const line of script.split('\n')) {
    if (line.startsWith('#SBATCH')) words.push(...parseLine(line.slice('#SBATCH'.length), generation));
    else if (!/^[ \t\n\v\f\r]*(#|$)/.test(line)) break;
  }
  return words;
}

function parseLine(line: string, generation: SbatchGeneration): string[] {
  const words: string[] = [];
  let rest = line;
  for (;;) {
    const { word, skipped } = getArgument(rest, generation);
    if (word === undefined) return words;
    words.push(word);
    rest = rest.slice(skipped);
  }
}

/** `get_argument`, statement by statement. The end of the text stands for C's NUL. */
function getArgument(text: string, generation: SbatchGeneration): { word: string | undefined; skipped: number } {
  let line = text;
  const blankOut = (pattern: RegExp): void => {
    line = line.replace(pattern, (found) => ' '.repeat(found.length));
  };
  let at = 0;
  if (generation.placeholdersAnywhere) {
    if (/packjob/i.test(line)) blankOut(/packjob/i);
    else blankOut(/hetjob/i);
  }
  while (isSpace(line[at])) at += 1;
  const separator = /^(?:packjob|hetjob)(?=$|[ \t\n\v\f\r])/i.exec(line.slice(at));
  if (separator !== null)
    line = line.slice(0, at) + ' '.repeat(separator[0].length) + line.slice(at + separator[0].length);
  if (line[at] === ':') throw new Error(`Unexpected \`:' in [${line}]`);
  if (line[at] === undefined) return { word: undefined, skipped: 0 };

  let word: string | undefined;
  let quote = '';
  let isEscaped = false;
  while ((quote !== '' || !isSpace(line[at])) && line[at] !== undefined) {
    if (isEscaped) {
      isEscaped = false;
    } else if (line[at] === '\\') {
      at += 1;
      if (generation.escapesPlaceholders && line[at] === ' ') {
        word = `${word ?? ''} `;
        at += 1;
      } else {
        isEscaped = true;
      }
      continue;
    } else if (quote !== '') {
      if (line[at] === quote) {
        quote = '';
        at += 1;
        continue;
      }
    } else if (line[at] === '"' || line[at] === "'") {
      quote = line[at] ?? '';
      at += 1;
      continue;
    } else if (line[at] === '#') {
      break;
    }
    word = (word ?? '') + (line[at] ?? '');
    at += 1;
  }
  if (quote !== '') throw new Error(`Unmatched \`${quote}' in [${line}]`);
  return { word, skipped: at };
}

function isSpace(character: string | undefined): boolean {
  return character !== undefined && ' \t\n\v\f\r'.includes(character);
}
