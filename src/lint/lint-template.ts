// Lints the text of a template; check-with-bash-and-sbatch.ts adds the findings that need this machine or the cluster.
import { capitalized } from '../base/terminal-text.ts';
import { adviseDirectives } from './advise-directives.ts';
import { adviseScript } from './advise-script.ts';
import { advisePlaceholders } from './advise-placeholders.ts';
import { parseLeniently, type LenientParse } from '../sbatch-template/collect-errors.ts';
import type { Finding } from './collect-rules.ts';

export interface Linted {
  readonly parsed: LenientParse;
  /** In the order of the text. */
  readonly findings: readonly Finding[];
}

/**
 * Pure. Every problem that makes `parseTemplate` fail is among the findings, as an error.
 * @param file the name of the template
 */
export function lintTemplate(file: string, text: string): Linted {
  const parsed = parseLeniently(file, text);
  const refused = parsed.problems.flatMap(({ line, column, rule, finding }) =>
    rule === undefined ? [] : [{ line, column, rule, sentence: sentenceOf(finding) }],
  );
  const advice = [...advisePlaceholders(parsed), ...adviseDirectives(parsed), ...adviseScript(parsed)];
  return { parsed, findings: sortFindings([...refused, ...advice.filter((finding) => !isCovered(finding, refused))]) };
}

/** Omits `may-be-read-again` where the default is already refused as `read-again`. */
function isCovered({ rule, line, column }: Finding, refused: readonly Finding[]): boolean {
  return (
    rule === 'may-be-read-again' &&
    refused.some((other) => other.rule === 'read-again' && other.line === line && other.column === column)
  );
}

/** Sorts findings by position and removes duplicates. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  const once = new Map(findings.map((finding) => [`${finding.line}:${finding.column}:${finding.rule}`, finding]));
  return [...once.values()].sort((a, b) => a.line - b.line || a.column - b.column || a.rule.localeCompare(b.rule));
}

/** Names of programs and options stay in lower case. */
const NAME = /^(?:bash|sbatch)\b|^\S*:/;

/** Makes a sentence of a template error's message. */
function sentenceOf(finding: string): string {
  const begun = NAME.test(finding) ? finding : capitalized(finding);
  return /[.?!]$/.test(begun) ? begun : `${begun}.`;
}
