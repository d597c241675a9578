// Whether a value may be where it comes to through a variable, or why not and what to write instead.
import { ONE_VARIABLE, PART_OF_MOUNT, PLAIN_FOR_PYXIS } from '../containers/restricted-values.ts';
import type { RefusalRule } from '../refusal-rules.ts';
import { PLAIN_WORD } from '../quote-value.ts';
import { displayValue } from '../display-value.ts';
import type { Reach } from '../shell/lexed-script.ts';
import type { Origin } from '../template.ts';

/** Nothing in it is a name, so that arithmetic can only compute it or complain. */
const NUMBER_LIKE = /^(?:[-+]?[0-9]\w*(?:[.:][0-9]*)*)?$/;

const REFUSALS: Readonly<Record<Reach['requirement'], { passes: RegExp; rule: RefusalRule; advice: string }>> = {
  number: {
    passes: NUMBER_LIKE,
    rule: 'not-a-number',
    advice: 'only a number may. Set it to a number, or write |int in the template to say so',
  },
  'plain word': {
    passes: PLAIN_WORD,
    rule: 'read-again',
    advice:
      'only letters, digits and _ . / : @ % + , = - may stand in it, and no - in front. Hand the variable over as a word ' +
      `instead: bash -c '… "$1"' _ "$NAME", or words=(program "$NAME"); "\${words[@]}"`,
  },
  'plain for Pyxis': {
    passes: PLAIN_FOR_PYXIS,
    rule: 'read-again',
    advice: 'only letters, digits and ./:,@#%+=~- may stand in it',
  },
  'part of a mount': {
    passes: PART_OF_MOUNT,
    rule: 'read-again',
    advice:
      'only a name below the folder that the template names may. For other folders use the -v of container arguments',
  },
  'one variable': {
    passes: ONE_VARIABLE,
    rule: 'read-again',
    advice: 'a comma or a quote would begin another variable: take it out',
  },
};

/** undefined where it may. */
export function checkReach(
  value: string,
  { requirement: need, by, variable, line }: Reach,
  origin: Origin | undefined,
): { readonly refusal: string; readonly rule: RefusalRule } | undefined {
  const { passes, rule, advice } = REFUSALS[need];
  if (passes.test(value) || (need === 'part of a mount' && origin === 'default')) return undefined;
  return {
    refusal: `${displayValue(value)} can not stand here: ${by} in line ${line} evaluates ${variable}, which gets it, and ${advice}`,
    rule,
  };
}
