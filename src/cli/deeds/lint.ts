// Checks templates: by reading them, with bash and shellcheck where they are, and by asking Slurm.
import { inOrder, lintTemplate } from '../../template/lint/lint-template.ts';
import { listProperties } from '../../template/inspect-template.ts';
import { unusedConstraints } from '../../template/unused-properties.ts';
import type { Surroundings, Typed } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { makeCheckers } from '../lint-hosts.ts';
import { checkWithPrograms } from '../lint-checkers.ts';
import { countFindings, formatFindings, formatLintJson, formatSummary, type LintedFile } from '../lint-report.ts';
import { namedTemplates } from '../named-templates.ts';
import { painter } from '../paint.ts';
import { readConfig } from '../read-config.ts';
import { switchOption } from '../typed-options.ts';

/** @throws ConfigError, UsageProblem */
export async function lint(typed: Typed, around: Surroundings): Promise<number> {
  const config = readConfig(typed, around);
  const templates = await namedTemplates(typed, config.settings, around, 'lint');
  const checkers = await makeCheckers({ config, around });
  const files: LintedFile[] = [];
  const unchecked = new Set<string>();
  const unread = new Set<string>();
  try {
    for (const { file, text, queue } of templates) {
      const { reading, findings } = lintTemplate(file, text);
      const checked = await checkWithPrograms(reading, await checkers.of(queue?.cluster));
      for (const sentence of checked.unchecked) unchecked.add(sentence);
      const limits = queue?.properties;
      if (limits !== undefined)
        for (const sentence of unusedConstraints(limits, listProperties(file, text), file)) unread.add(sentence);
      files.push({ file, lines: text.split('\n'), findings: inOrder([...findings, ...checked.findings]) });
    }
  } finally {
    await checkers.close();
  }

  if (switchOption(typed, 'json') === true) {
    around.stdout(formatLintJson(files, [...unchecked]));
  } else {
    around.stdout(formatFindings(files, painter(around), around.terminalSize?.().columns));
    for (const sentence of unread) around.stderr(`${sentence}\n`);
    for (const sentence of unchecked) around.stderr(`Not checked: ${sentence}\n`);
    around.stderr(formatSummary(files));
  }
  const { errors, warnings } = countFindings(files);
  const isBad = errors > 0 || (switchOption(typed, 'strict') === true && warnings > 0);
  return isBad ? EXIT.failed : EXIT.ok;
}
