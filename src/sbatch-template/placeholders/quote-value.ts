// Quotes a value for its context in the script, so that bash reads exactly the value and nothing else.
import { quoteWord, splitWords } from '../../base/shell-word.ts';
import type { EnforcedRule } from '../enforced-rules.ts';
import type { QuotingContext } from '../shell/lexer-result.ts';

/** The text to insert, or the reason why the value is not allowed there: it completes `the value of X is "…", `. */
export type Quoted = { readonly text: string } | { readonly refusal: string; readonly rule: EnforcedRule };

/** Allowed in re-evaluated text: no character of it has a meaning to any shell. */
export const PLAIN_WORD = /^(?:[A-Za-z0-9_./:@%+,=][A-Za-z0-9_./:@%+,=-]*)?$/;

/** bash reads a leading zero as octal and a word as a variable; a number in a task means neither. */
export const WHOLE_NUMBER = /^-?(?:0|[1-9][0-9]*)$/;

/** With `set -k`, bash takes such an argument for an assignment. */
const ASSIGNMENT = /^[A-Za-z_]\w*\+?=/;

/** The characters that double quotes leave special (bash(1), "QUOTING"). */
const SPECIAL_IN_DOUBLE_QUOTES = /[\\"$`]/g;

export function quoteForContext(value: string, context: QuotingContext): Quoted {
  switch (context.kind) {
    case 'unquoted':
      return { text: bareWord(value, context) };
    case 'double quotes':
      return { text: value.replaceAll(SPECIAL_IN_DOUBLE_QUOTES, '\\$&') };
    case 'single quotes':
      // Not '\'', which bash 5.2 misreads in an array within a command substitution.
      return { text: value.replaceAll("'", `'"'"'`) };
    case 'ansi quotes':
      // With separate quotes: within a command substitution bash 5.2 drops those of $'…', and an escape before the value could extend into it.
      return { text: value === '' ? '' : `''${value.replaceAll("'", `'"'"'`)}'$'` };
    case 'quoted default':
      return { text: context.isRequoted ? `"${quoteDefault(value)}"` : quoteDefault(value) };
    case 'here-document':
      return { text: value.replaceAll(/[\\$`]/g, '\\$&') };
    case 'quoted here-document':
      return { text: value };
    case 're-evaluated':
      return PLAIN_WORD.test(value) && !(context.except !== undefined && value.includes(context.except))
        ? { text: value }
        : { refusal: notPlain(context), rule: 'read-again' };
    case 'number':
      return WHOLE_NUMBER.test(value) ? { text: value } : { refusal: notNumber(context.where), rule: 'not-a-number' };
  }
}

/**
 * In `"${x:-it's}"` no backslash helps, and bash 5 looks for process substitutions there: these characters get separate double
 * quotes. The whole value does not get them, because bash would expand its braces.
 */
function quoteDefault(value: string): string {
  return value.replaceAll(/[\\"$`}]/g, '\\$&').replaceAll(/['<>]/g, '"$&"');
}

/** The shell words of the value, each quoted. ClearML splits container arguments in the same way. */
export function quoteWords(value: string): Quoted {
  try {
    return { text: splitWords(value).map(quoteWord).join(' ') };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return {
      refusal: 'which has an unpaired quote: correct the value in the task',
      rule: 'unpaired-quotes',
    };
  }
}

function bareWord(value: string, { needsQuotes, isInBraces }: Extract<QuotingContext, { kind: 'unquoted' }>): string {
  const word = quoteWord(value);
  const isRisky = needsQuotes || ASSIGNMENT.test(value) || (isInBraces === true && !WHOLE_NUMBER.test(value));
  return isRisky && word === value ? `'${value}'` : word;
}

function notPlain({ by, except }: Extract<QuotingContext, { kind: 're-evaluated' }>): string {
  return (
    `which is re-evaluated by ${by}: only letters, digits and _ . / : @ % + , = - are allowed` +
    `${except === undefined ? '' : `, not ${except}`}, and - must not come first. Export the value before (export NAME=\${…}), ` +
    `and write '"$NAME"' here, in single quotes`
  );
}

function notNumber(where: string): string {
  return `which is evaluated as ${where}: only a whole number is allowed. Assign the value to a variable first, and check it`;
}
