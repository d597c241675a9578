// Checks a value against what evaluates it, by way of a variable.
import {
  ONE_VARIABLE,
  ONE_VARIABLE_OF_SINGULARITY,
  PART_OF_MOUNT,
  PLAIN_FOR_PYXIS,
} from '../containers/check-restricted-option.ts';
import type { EnforcedRule } from '../enforced-rules.ts';
import { PLAIN_WORD } from '../placeholders/quote-value.ts';
import type { ReachedEvaluation } from '../shell/lexer-result.ts';
import type { Origin } from '../template.ts';

/** Contains no name, so that arithmetic can only compute it or report an error. */
const NUMBER_LIKE = /^(?:[-+]?[0-9]\w*(?:[.:][0-9]*)*)?$/;

const REQUIREMENTS: Readonly<
  Record<ReachedEvaluation['requirement'], { passes: RegExp; rule: EnforcedRule; advice: string }>
> = {
  number: {
    passes: NUMBER_LIKE,
    rule: 'not-a-number',
    advice: 'only a number is allowed. Set a number, or write |int in the template',
  },
  'plain word': {
    passes: PLAIN_WORD,
    rule: 'read-again',
    advice:
      'only letters, digits and _ . / : @ % + , = - are allowed, and - must not come first. Pass the variable as an argument: ' +
      `bash -c '… "$1"' _ "$NAME", or words=(program "$NAME"); "\${words[@]}"`,
  },
  'plain for Pyxis': {
    passes: PLAIN_FOR_PYXIS,
    rule: 'read-again',
    advice: 'only letters, digits and ./:,@#%+=~- are allowed',
  },
  'part of a mount': {
    passes: PART_OF_MOUNT,
    rule: 'read-again',
    advice:
      'only a path below the directory that the template names is allowed. Mount any other directory with -v in the container arguments',
  },
  'one variable': {
    passes: ONE_VARIABLE,
    rule: 'read-again',
    advice: 'a comma or a quote would change the other variables: remove it',
  },
  'one variable of Singularity': {
    passes: ONE_VARIABLE_OF_SINGULARITY,
    rule: 'read-again',
    advice:
      'a comma or a quote would change the other variables, and Singularity evaluates $, backquotes and backslashes: remove them, or export ' +
      'the variable before the command instead',
  },
};

/** The reason why the value is not allowed, as in `Quoted`; undefined if it is. */
export function checkEvaluatedValue(
  value: string,
  { requirement, by, variable, line }: ReachedEvaluation,
  origin: Origin | undefined,
): { readonly refusal: string; readonly rule: EnforcedRule } | undefined {
  const { passes, rule, advice } = REQUIREMENTS[requirement];
  if (passes.test(value) || (requirement === 'part of a mount' && origin === 'default')) return undefined;
  return { refusal: `which is evaluated in line ${line}, through ${variable}, by ${by}: ${advice}`, rule };
}
