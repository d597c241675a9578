// Checks template files: parses them, and runs bash, shellcheck and sbatch --test-only.
import { sortFindings, lintTemplate } from './lint-template.ts';
import { listProperties } from '../sbatch-template/inspect-template.ts';
import { unusedConstraints } from '../sbatch-template/placeholders/report-unused-properties.ts';
import { checkWithPrograms, createCheckers } from './check-with-bash-and-sbatch.ts';
import type { LintedFile } from './format-findings.ts';
import { namedTemplates } from '../assembly/read-named-templates.ts';
import type { Configured } from '../assembly/load-trusted-config.ts';

export interface LintResult {
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
