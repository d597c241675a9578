// fast-check arbitraries for hostile and ordinary values of a task.
import fc from 'fast-check';

/** Pieces that mean something to a shell or to sbatch; each tries to make a file named `pwned` or to add an option. */
const PIECES = [
  '$(touch pwned)',
  '`touch pwned`',
  '${x:-$(touch pwned)}',
  '; touch pwned;',
  '&& touch pwned',
  '| touch pwned',
  '> pwned',
  '<(touch pwned)',
  'a[$(touch pwned)]',
  '=(touch pwned)',
  ') touch pwned (',
  '} ; touch pwned ; {',
  "'; touch pwned; '",
  '"; touch pwned; "',
  "'",
  '"',
  "''",
  '""',
  "$'",
  '$"',
  '\\',
  '\\\\',
  "\\'",
  '\\"',
  '`',
  '$',
  '$$',
  '${',
  '}',
  '{a,b}',
  '(',
  ')',
  '((',
  '))',
  '[',
  ']',
  ']]',
  '#',
  ' #',
  '!',
  '!!',
  '*',
  '?',
  '~',
  '-',
  '--uid=0',
  ' --uid=0 ',
  '-n',
  '%j',
  '%s',
  '\\n',
  '=',
  ':',
  ';;',
  'esac',
  'EOF',
  'done',
  'hetjob',
  'if',
  ' ',
  '  ',
  'é',
  '漢字',
  '😀',
  '\u00a0',
  'a',
  '0',
  '/',
];

const piece = fc.constantFrom(...PIECES);
const character = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 3 });

/**
 * One line: no control characters, which are refused before any quoting. A function: fast-check takes a second to list all
 * characters, which only a test with such values should pay for.
 */
export function hostileLine(): fc.Arbitrary<string> {
  return fc.oneof(
    { weight: 20, arbitrary: fc.array(fc.oneof(piece, character), { maxLength: 6 }).map((parts) => parts.join('')) },
    { weight: 5, arbitrary: fc.string({ unit: 'binary', maxLength: 12 }).map(withoutControls) },
    { weight: 1, arbitrary: piece.map((text) => text.repeat(Math.ceil(10_000 / text.length))) },
  );
}

/** Several lines, as `|raw` inserts them. */
export function hostileText(): fc.Arbitrary<string> {
  return fc.array(hostileLine(), { minLength: 1, maxLength: 3 }).map((lines) => lines.join('\n'));
}

/** Values that may be re-evaluated. */
export const plainWord: fc.Arbitrary<string> = fc.stringMatching(/^[A-Za-z0-9_./:@%+,=][A-Za-z0-9_./:@%+,=-]{0,11}$/);

function withoutControls(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cs}]/gu, '');
}
