// A finding at an offset of the text.
import { positionAt, type TemplateSource } from '../template/source.ts';
import type { Finding, RuleId } from './rules.ts';

export function findingAt({ text }: TemplateSource, offset: number, rule: RuleId, sentence: string): Finding {
  return { ...positionAt(text, offset), rule, sentence };
}
