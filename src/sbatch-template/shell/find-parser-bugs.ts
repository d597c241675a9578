// Finds syntax that some bash from 4.4 to 5.2 misparses within a command substitution, where no quoting of a value is safe.
import { isInside, templateErrorAt } from '../template-source.ts';
import type { ParserBug } from './lexer-result.ts';
import type { Lexer } from './lexer-state.ts';

type Kind = Pick<ParserBug, 'effect' | 'remedy'>;

/** bash 5.2 parses a substitution and prints it again without these quotes (parse.y, `parse_comsub`, `read_token_word`). */
const LOST_QUOTES: Kind = {
  effect: "within $(…), bash 5.2 removes the quotes of $'…' in a pattern group",
  remedy: 'write \'…\' or "…"',
};

/** bash before 5.2 finds the end of a substitution by counting parentheses, and recognizes `case` only in some positions. */
const OPEN_PATTERN: Kind = {
  effect:
    'if "case" is not the first word of its line, bash before 5.2 ends the surrounding $(…) at the ")" of a "case" pattern',
  remedy: 'write (PATTERN) with both parentheses, or begin a new line with "case"',
};

/** Fixed by patch 20 of bash 5.2. */
const FIRST_TIME: Kind = {
  effect: 'bash 5.2 cannot parse "time" as the first word within $(…)',
  remedy: 'write { time …; }',
};

/** Notes a `$'…'` in a group if it needs its quotes; placeholders are quoted separately. */
export function noteQuotesInGroup(lexer: Lexer, start: number): void {
  const piece = lexer.source.text.slice(start, lexer.at).replaceAll(/\$(?:\{CLEARML_[^}]*\}|<CLEARML_[^>]*>)/g, '');
  if (/^\$'.*[^\w./:@%+,=-].*'$/s.test(piece)) note(lexer, start, LOST_QUOTES);
}

/** Notes a `case` that some bash does not recognize. */
export function noteOpenPatterns(lexer: Lexer, caseAt: number): void {
  if (!/[\n(][ \t]*$/.test(lexer.source.text.slice(0, caseAt))) note(lexer, caseAt, OPEN_PATTERN);
}

export function noteTime(lexer: Lexer, timeAt: number): void {
  if (/\(\s*$/.test(lexer.source.text.slice(0, timeAt))) note(lexer, timeAt, FIRST_TIME);
}

function note(lexer: Lexer, start: number, kind: Kind): void {
  if (lexer.depth > 0) lexer.found.parserBugs.push({ start, end: lexer.at, ...kind });
}

/** @throws TemplateError for such syntax in a substitution that contains a placeholder */
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
