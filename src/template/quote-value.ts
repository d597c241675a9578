// A value written for the place it stands in, so that bash reads exactly the value there and nothing else.
import { quoteWord, splitWords } from '../base/shell-word.ts';
import type { RefusalRule } from './refusal-rules.ts';
import type { QuotingContext } from './shell/quoting-context.ts';
import { displayValue } from './display-value.ts';

/** A value as it is to be inserted, or why it can't stand there and what to write instead. */
export type Quoted = { readonly text: string } | { readonly refusal: string; readonly rule: RefusalRule };

/** What passes where a shell reads the text a second time: nothing in it means anything to any shell. */
export const PLAIN_WORD = /^(?:[A-Za-z0-9_./:@%+,=][A-Za-z0-9_./:@%+,=-]*)?$/;

/** bash reads a leading zero as octal and a word as a variable; neither is what a number in a task means. */
const WHOLE_NUMBER = /^-?(?:0|[1-9][0-9]*)$/;

/** With `set -k` bash takes an argument like this for an assignment. */
const ASSIGNMENT = /^[A-Za-z_]\w*\+?=/;

/** Backslashes in front of what double quotes leave special (bash(1), "QUOTING"). */
const SPECIAL_IN_DOUBLE_QUOTES = /[\\"$`]/g;

export function quoteForContext(value: string, context: QuotingContext): Quoted {
  switch (context.kind) {
    case 'unquoted':
      return { text: bareWord(value, context) };
    case 'double quotes':
      return { text: value.replaceAll(SPECIAL_IN_DOUBLE_QUOTES, '\\$&') };
    case 'single quotes':
      // Not '\'', over which bash 5.2 stumbles in an array within a command substitution.
      return { text: value.replaceAll("'", `'"'"'`) };
    case 'ansi quotes':
      // In quotes of its own: within a command substitution bash 5.2 loses those of $'…', and an escape in front could reach further.
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
        : { refusal: notPlain(value, context), rule: 'read-again' };
    case 'number':
      return WHOLE_NUMBER.test(value)
        ? { text: value }
        : { refusal: notNumber(value, context.where), rule: 'not-a-number' };
  }
}

/**
 * In `"${x:-it's}"` no backslash helps, and bash 5 looks for process substitutions there: these characters get double
 * quotes of their own. Not the whole value: bash would expand the braces in it.
 */
function quoteDefault(value: string): string {
  return value.replaceAll(/[\\"$`}]/g, '\\$&').replaceAll(/['<>]/g, '"$&"');
}

/** Each shell word of the value, quoted; split as ClearML splits a container's arguments. */
export function quoteWords(value: string): Quoted {
  try {
    return { text: splitWords(value).map(quoteWord).join(' ') };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return {
      refusal: `${displayValue(value)} can not be split into words: its quotes are not in pairs. Correct it in the task`,
      rule: 'unpaired-quotes',
    };
  }
}

function bareWord(value: string, { needsQuotes, isInBraces }: Extract<QuotingContext, { kind: 'unquoted' }>): string {
  const word = quoteWord(value);
  const isRisky = needsQuotes || ASSIGNMENT.test(value) || (isInBraces === true && !WHOLE_NUMBER.test(value));
  return isRisky && word === value ? `'${value}'` : word;
}

function notPlain(value: string, { by, except }: Extract<QuotingContext, { kind: 're-evaluated' }>): string {
  return (
    `${displayValue(value)} can not stand here, because ${by} reads this text as code a second time: only letters, digits and ` +
    `_ . / : @ % + , = - may, ${except === undefined ? '' : `without ${except}, `}and no - in front. ` +
    'Put it into an environment variable before (export NAME=${…}), and write ' +
    `'"$NAME"' in single quotes here, so that it is expanded only then`
  );
}

function notNumber(value: string, where: string): string {
  return `${displayValue(value)} can not stand here, because ${where} is evaluated: only a whole number may. Put it into a variable before, and test that it is one`;
}
