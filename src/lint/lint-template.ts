// All that can be said of a template by reading it; what only this machine or this cluster can tell is added by others.
import { adviseDirectives } from './advise-directives.ts';
import { adviseScript } from './advise-script.ts';
import { adviseVariables } from './advise-variables.ts';
import { readLeniently, type Reading } from '../template/read-leniently.ts';
import type { Finding } from './rules.ts';

export interface Linted {
  readonly reading: Reading;
  /** In the order of the text. */
  readonly findings: readonly Finding[];
}

/**
 * Pure. Whatever `parseTemplate` would refuse is among the findings, as an error.
 * @param file the name of the template
 */
export function lintTemplate(file: string, text: string): Linted {
  const reading = readLeniently(file, text);
  const refused = reading.problems.flatMap(({ line, column, rule, finding }) =>
    rule === undefined ? [] : [{ line, column, rule, sentence: sentenceOf(finding) }],
  );
  const advice = [...adviseVariables(reading), ...adviseDirectives(reading), ...adviseScript(reading)];
  return { reading, findings: inOrder([...refused, ...advice.filter((finding) => !isCovered(finding, refused))]) };
}

/** What may be read again is no news where its default can't be. */
function isCovered({ rule, line, column }: Finding, refused: readonly Finding[]): boolean {
  return (
    rule === 'may-be-read-again' &&
    refused.some((other) => other.rule === 'read-again' && other.line === line && other.column === column)
  );
}

/** In the order of the text, each once. */
export function inOrder(findings: readonly Finding[]): Finding[] {
  const once = new Map(findings.map((finding) => [`${finding.line}:${finding.column}:${finding.rule}`, finding]));
  return [...once.values()].sort((a, b) => a.line - b.line || a.column - b.column || a.rule.localeCompare(b.rule));
}

/** The names of programs and of options keep their small letters. */
const NAME = /^(?:bash|sbatch)\b|^\S*:/;

/** What stands behind `file:line:column:` in a message becomes a sentence. */
function sentenceOf(finding: string): string {
  const begun = NAME.test(finding) ? finding : finding.charAt(0).toUpperCase() + finding.slice(1);
  return /[.?!]$/.test(begun) ? begun : `${begun}.`;
}
