// Logs the errors that lint finds in the templates, when the daemon starts and when it reloads templates.
import type { PropertyConstraints } from '../base/property-constraints.ts';
import type { Logger, WarnOnce } from '../log/logger.ts';
import { lintTemplate } from './lint-template.ts';
import { severityOf } from './collect-rules.ts';
import { unusedConstraints } from '../sbatch-template/placeholders/report-unused-properties.ts';
import { checkForErrors, type Checkers } from './check-with-bash-and-sbatch.ts';
import type { NamedQueue } from '../assembly/read-queue-templates.ts';

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

/** Logs each message once, although the same template is loaded many times. */
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
