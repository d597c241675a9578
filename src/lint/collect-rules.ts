// Collects all rules of `lint`, for the command and for docs/lint.md.
import { ADVICE_RULES } from './advice-rules.ts';
import { ENFORCED_RULES, type Rule } from '../sbatch-template/enforced-rules.ts';
import { positionAt, type TemplateSource } from '../sbatch-template/template-source.ts';

export const RULES = { ...ENFORCED_RULES, ...ADVICE_RULES };

export type RuleId = keyof typeof RULES;

/** A definite or possible problem at one position of a template. */
export interface Finding {
  /** Lines and columns count from 1. */
  readonly line: number;
  readonly column: number;
  readonly rule: RuleId;
  /** Describes the problem. Contains no secret. */
  readonly sentence: string;
}

export function severityOf({ rule }: Finding): Rule['severity'] {
  return RULES[rule].severity;
}

/** @param offset in the text of the template */
export function findingAt({ text }: TemplateSource, offset: number, rule: RuleId, sentence: string): Finding {
  return { ...positionAt(text, offset), rule, sentence };
}
