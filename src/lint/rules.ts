// Every rule of `lint`: the one table of them, read by the command, by docs/lint.md, and by whoever refuses a template.
import { ADVICE_RULES } from './advice-rules.ts';
import { REFUSAL_RULES, type Rule } from '../template/refusal-rules.ts';

export const RULES = { ...REFUSAL_RULES, ...ADVICE_RULES };

export type RuleId = keyof typeof RULES;

/** What is wrong, or may be, at one place of a template. */
export interface Finding {
  /** Both count from 1. */
  readonly line: number;
  readonly column: number;
  readonly rule: RuleId;
  /** The fact, of this place. Never holds a secret. */
  readonly sentence: string;
}

export function severityOf({ rule }: Finding): Rule['severity'] {
  return RULES[rule].severity;
}
