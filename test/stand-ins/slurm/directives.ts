// Parses the `#SBATCH` lines of a script into arguments of sbatch, and rejects texts that are not batch scripts.
import { CommandLineError } from './options.ts';

/** @throws CommandLineError as sbatch does */
export function readDirectives(script: string): string[] {
  checkIsScript(script);
  const words: string[] = [];
  for (const [index, line] of script.split('\n').entries()) {
    if (line.startsWith('#SBATCH')) words.push(...splitDirective(line.slice('#SBATCH'.length), index + 1));
    // sbatch stops at the first command.
    else if (!line.startsWith('#') && line.trim() !== '') break;
  }
  return words;
}

function checkIsScript(script: string): void {
  if (script === '') throw new CommandLineError('sbatch: error: Batch script is empty!\n', 1);
  if (script.trim() === '') throw new CommandLineError('sbatch: error: Batch script contains only whitespace!\n', 1);
  if (!script.startsWith('#!')) {
    throw new CommandLineError(
      'sbatch: error: This does not look like a batch script.  The first\n' +
        'sbatch: error: line must start with #! followed by the path to an interpreter.\n' +
        'sbatch: error: For instance: #!/bin/sh\n',
      1,
    );
  }
  if (script.includes('\0')) {
    throw new CommandLineError(
      "sbatch: error: The Slurm controller does not allow scripts that\nsbatch: error: contain a NULL character '\\0'.\n",
      1,
    );
  }
  if (script.includes('\r\n')) {
    throw new CommandLineError(
      'sbatch: error: Batch script contains DOS line breaks (\\r\\n)\n' +
        'sbatch: error: instead of expected UNIX line breaks (\\n).\n',
      1,
    );
  }
}

/** Both kinds of quotes group, a backslash keeps the next character in both of them, a bare `#` begins a comment anywhere. */
function splitDirective(text: string, line: number): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  let wordsEnd = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (character === '\\' && at + 1 < text.length) {
      at += 1;
      word = (word ?? '') + (text[at] ?? '');
    } else if (character === quote) {
      quote = undefined;
    } else if (quote === undefined && (character === '"' || character === "'")) {
      quote = character;
      word ??= '';
    } else if (quote === undefined && character === '#') {
      break;
    } else if (quote === undefined && /\s/.test(character)) {
      if (word === undefined) continue;
      words.push(word);
      word = undefined;
      wordsEnd = at;
    } else {
      word = (word ?? '') + character;
    }
  }
  if (quote !== undefined) {
    throw new CommandLineError(
      `sbatch: fatal: stdin: line ${line}: Unmatched \`${quote}\` in [${text.slice(wordsEnd)}]\n`,
      1,
    );
  }
  if (word !== undefined) words.push(word);
  return words;
}
