// Finds each placeholder of a script with its quoting context and the code that evaluates its value later.
import type { LexedScript, ReachedEvaluation, Occurrence } from '../shell/lexer-result.ts';
import { assignContexts } from '../shell/find-re-evaluated-text.ts';
import type { TemplateSource } from '../template-source.ts';
import { nestedScript } from './find-nested-scripts.ts';
import { traceEvaluatedValues } from './trace-evaluated-values.ts';

export interface ClassifiedPlaceholders {
  /** In the order of the text. */
  readonly occurrences: readonly Occurrence[];
  /** Values that may be evaluated, after a program or a check in the template has processed them. */
  readonly possibleEvaluations: readonly ReachedEvaluation[];
}

export function classifyPlaceholders(source: TemplateSource, script: LexedScript): ClassifiedPlaceholders {
  const whole = nestedScript(script, source.text, [], '');
  const traced = traceEvaluatedValues(source, whole);
  const occurrences = assignContexts(script, source.text, whole.reEvaluated).map((occurrence): Occurrence => {
    const own = traced.filter(
      ({ placeholder, isCertain }) => isCertain && placeholder.start === occurrence.placeholder.start,
    );
    const direct = own.find(({ isDirect, requirement }) => isDirect === true && requirement === 'plain word');
    if (direct !== undefined && occurrence.context.kind !== 'number' && occurrence.context.kind !== 're-evaluated')
      return { ...occurrence, context: { kind: 're-evaluated', by: direct.by } };
    return own.length === 0 ? occurrence : { ...occurrence, evaluations: own };
  });
  const possibleEvaluations = traced.filter(
    ({ placeholder, isCertain, requirement }) =>
      !isCertain &&
      !occurrences.some(
        (occurrence) =>
          occurrence.placeholder.start === placeholder.start &&
          occurrence.evaluations?.some((one) => one.requirement === requirement) === true,
      ),
  );
  return { occurrences, possibleEvaluations };
}

/** The message of `lint` and of the daemon's start. */
export function possibleEvaluationMessage({ placeholder, by, variable, line }: ReachedEvaluation): string {
  return `The value of ${placeholder.variable} may be evaluated in line ${line}, through ${variable}, by ${by}.`;
}
