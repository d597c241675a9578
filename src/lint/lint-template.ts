// Lints templates: their text, files with bash, shellcheck and `sbatch --test-only`, and those of a daemon, whose errors are logged.
import { capitalized } from '../base/terminal-text.ts';
import { adviseDirectives } from './advise-directives.ts';
import { adviseScript } from './advise-script.ts';
import { advisePlaceholders } from './advise-placeholders.ts';
import { parseLeniently, type LenientParse } from '../sbatch-template/parse-template.ts';
import { type Finding, severityOf } from './lint-rules.ts';
import { listProperties } from '../sbatch-template/inspect-template.ts';
import { unusedConstraints } from '../sbatch-template/placeholders/report-unused-properties.ts';
import { checkWithPrograms, createCheckers, checkForErrors, type Checkers } from './check-with-bash-and-sbatch.ts';
import type { LintedFile } from './format-findings.ts';
import { namedTemplates } from '../assembly/read-named-files.ts';
import type { Configured } from '../assembly/load-trusted-config.ts';
import type { PropertyConstraints } from '../base/property-constraints.ts';
import type { Logger, WarnOnce } from '../log/logger.ts';
import type { NamedQueue } from '../assembly/read-queue-templates.ts';

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
function sortFindings(findings: readonly Finding[]): Finding[] {
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

interface LintResult {
  readonly files: readonly LintedFile[];
  /** Why a check could not run. */
  readonly unchecked: readonly string[];
  /** Constraints of properties that no template reads. */
  readonly unused: readonly string[];
}

/**
 * Lints the named templates and closes the transports that the checks used.
 * @param named the templates to check; those of the configuration if undefined
 * @throws UsageError
 */
export async function lintFiles(
  named: readonly string[] | undefined,
  { config, context }: Configured,
): Promise<LintResult> {
  const templates = await namedTemplates(named, config.settings, context, 'lint');
  const checkers = createCheckers({ config, context });
  const files: LintedFile[] = [];
  const unchecked = new Set<string>();
  const unused = new Set<string>();
  try {
    for (const { file, text, queue } of templates) {
      const { parsed, findings } = lintTemplate(file, text);
      const checked = await checkWithPrograms(parsed, await checkers.of(queue?.cluster));
      for (const sentence of checked.unchecked) unchecked.add(sentence);
      const limits = queue?.properties;
      if (limits !== undefined)
        for (const sentence of unusedConstraints(limits, listProperties(parsed), file)) unused.add(sentence);
      files.push({ file, lines: text.split('\n'), findings: sortFindings([...findings, ...checked.findings]) });
    }
  } finally {
    await checkers.close();
  }
  return { files, unchecked: [...unchecked], unused: [...unused] };
}

export type LintedQueue = Pick<NamedQueue, 'template' | 'text'> & {
  readonly constraints?: PropertyConstraints | undefined;
  readonly properties?: readonly { readonly name: string }[];
};

export interface WarningContext {
  readonly log: Logger;
  readonly warnOnce: WarnOnce;
  /** For errors that only bash and Slurm find; those checks are skipped if undefined. */
  readonly programs?: Checkers;
}

/** When the daemon starts, and when it reloads templates. Logs each message once, although the same template is loaded many times. */
export async function warnAboutTemplates(queues: readonly LintedQueue[], context: WarningContext): Promise<void> {
  const { log, warnOnce, programs } = context;
  for (const { template, text, constraints, properties = [] } of queues) {
    const { file } = template;
    const { parsed, findings } = lintTemplate(file, text);
    const checked = programs === undefined ? [] : (await checkForErrors(parsed, programs)).findings;
    for (const finding of [...findings, ...checked]) {
      if (severityOf(finding) !== 'error') continue;
      const { line, rule, sentence } = finding;
      warnOnce(log, `Template ${file}, line ${line}: ${sentence}`, { rule });
    }
    for (const sentence of constraints === undefined ? [] : unusedConstraints(constraints, properties, file))
      warnOnce(log, sentence);
  }
}
