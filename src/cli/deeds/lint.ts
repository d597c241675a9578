// Checks templates: by reading them, with bash and shellcheck where they are, and by asking Slurm.
import { commonOptions } from '../setting-options.ts';
import { inOrder, lintTemplate } from '../../lint/lint-template.ts';
import { listProperties } from '../../template/inspect-template.ts';
import { unusedConstraints } from '../../template/unused-properties.ts';
import type { CommandContext, Typed } from '../command.ts';
import { EXIT } from '../../base/exit-codes.ts';
import { createCheckers } from '../../lint/create-checkers.ts';
import { checkWithPrograms } from '../../lint/check-with-programs.ts';
import { countFindings, formatFindings, formatLintJson, formatSummary, type LintedFile } from '../../lint/report.ts';
import { namedTemplates } from '../../assembly/named-templates.ts';
import { painter } from '../../base/paint.ts';
import { readConfig } from '../../assembly/read-config.ts';
import { listOption, switchOption } from '../typed-options.ts';

/** @throws ConfigError, UsageError */
export async function lint(typed: Typed, context: CommandContext): Promise<number> {
  const config = readConfig(commonOptions(typed), context);
  const templates = await namedTemplates(listOption(typed, 'templates'), config.settings, context, 'lint');
  const checkers = await createCheckers({ config, context });
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
    context.stdout(formatLintJson(files, [...unchecked]));
  } else {
    context.stdout(formatFindings(files, painter(context), context.terminalSize?.().columns));
    for (const sentence of unread) context.stderr(`${sentence}\n`);
    for (const sentence of unchecked) context.stderr(`Not checked: ${sentence}\n`);
    context.stderr(formatSummary(files));
  }
  const { errors, warnings } = countFindings(files);
  const isBad = errors > 0 || (switchOption(typed, 'strict') === true && warnings > 0);
  return isBad ? EXIT.failed : EXIT.ok;
}
