// Finds each placeholder of a script with its quoting context and the code that evaluates its value later.
import type { LexedScript, Reach, Occurrence } from '../shell/lexed-script.ts';
import { assignContexts } from '../shell/re-evaluated.ts';
import type { TemplateSource } from '../source.ts';
import { findReaches } from './reaches.ts';

export interface FoundOccurrences {
  /** In the order of the text. */
  readonly occurrences: readonly Occurrence[];
  /** Values that may be evaluated, after a program or a check in the template has processed them. */
  readonly possibleReaches: readonly Reach[];
}

export function findOccurrences(source: TemplateSource, script: LexedScript): FoundOccurrences {
  const reaches = findReaches(source, script);
  const occurrences = assignContexts(script, source.text).map((occurrence): Occurrence => {
    const own = reaches.filter(
      ({ placeholder, isCertain }) => isCertain && placeholder.start === occurrence.placeholder.start,
    );
    const direct = own.find(({ isDirect, requirement }) => isDirect === true && requirement === 'plain word');
    if (direct !== undefined && occurrence.context.kind !== 'number' && occurrence.context.kind !== 're-evaluated')
      return { ...occurrence, context: { kind: 're-evaluated', by: direct.by } };
    return own.length === 0 ? occurrence : { ...occurrence, reaches: own };
  });
  const possibleReaches = reaches.filter(
    ({ placeholder, isCertain, requirement }) =>
      !isCertain &&
      !occurrences.some(
        (occurrence) =>
          occurrence.placeholder.start === placeholder.start &&
          occurrence.reaches?.some((one) => one.requirement === requirement) === true,
      ),
  );
  return { occurrences, possibleReaches };
}

/** The message of `lint` and of the daemon's start. */
export function possibleReachMessage({ placeholder, by, variable, line }: Reach): string {
  return `The value of ${placeholder.variable} may be evaluated in line ${line}, through ${variable}, by ${by}.`;
}
