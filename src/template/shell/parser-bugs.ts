// What bash 4.4 to 5.2 takes for something else within a command substitution: there no quoting of a value is sure to hold.
import { isInside, templateErrorAt } from '../source.ts';
import type { ParserBug } from './lexed-script.ts';
import type { Lexer } from './lexer.ts';

type Kind = Pick<ParserBug, 'effect' | 'remedy'>;

/** bash 5.2 reads a substitution and writes it anew, and then without these quotes (parse.y, `parse_comsub`, `read_token_word`). */
const LOST_QUOTES: Kind = {
  effect: "bash 5.2 takes the quotes of $'…' away in a group of a pattern within $(…)",
  remedy: 'write \'…\' or "…"',
};

/** bash before 5.2 looks for the end of a substitution by counting parentheses, and knows `case` only at some places. */
const OPEN_PATTERN: Kind = {
  effect: 'bash before 5.2 takes the ) of a pattern for the end of $(…), unless case begins a line',
  remedy: 'write (PATTERN) with both parentheses, or case on a line of its own',
};

/** Corrected by bash-5.2 patch 20. */
const FIRST_TIME: Kind = {
  effect: 'bash 5.2 can not read time as the first word within $(…)',
  remedy: 'write { time …; }',
};

/** Notes a `$'…'` in a group, when more than plain letters stands in it; placeholders have quotes of their own. */
export function noteQuotesInGroup(lexer: Lexer, start: number): void {
  const piece = lexer.source.text.slice(start, lexer.at).replaceAll(/\$(?:\{CLEARML_[^}]*\}|<CLEARML_[^>]*>)/g, '');
  if (/^\$'.*[^\w./:@%+,=-].*'$/s.test(piece)) note(lexer, start, LOST_QUOTES);
}

/** Notes a `case` that some bash would not know for one. */
export function noteOpenPatterns(lexer: Lexer, caseAt: number): void {
  if (!/[\n(][ \t]*$/.test(lexer.source.text.slice(0, caseAt))) note(lexer, caseAt, OPEN_PATTERN);
}

export function noteTime(lexer: Lexer, timeAt: number): void {
  if (/\(\s*$/.test(lexer.source.text.slice(0, timeAt))) note(lexer, timeAt, FIRST_TIME);
}

function note(lexer: Lexer, start: number, kind: Kind): void {
  if (lexer.depth > 0) lexer.found.parserBugs.push({ start, end: lexer.at, ...kind });
}

/** @throws TemplateError for what could be misread in a substitution with a value in it */
export function checkParserBugs({ source, found }: Lexer): void {
  for (const bug of found.parserBugs) {
    const around = found.substitutions.filter((substitution) => isInside(bug, substitution));
    if (!found.occurrences.some(({ placeholder }) => around.some((one) => isInside(placeholder, one)))) continue;
    const { start, effect, remedy } = bug;
    throw templateErrorAt(
      source,
      start,
      'misread-by-bash',
      `${effect}, so that a value here could become code: ${remedy}`,
    );
  }
}
