// At the start, and when templates are read again: a warning of each error that lint finds in one, with its line.
import type { PropertyConstraints } from '../base/property-constraints.ts';
import type { Logger } from '../log/logger.ts';
import { lintTemplate } from './lint-template.ts';
import { severityOf } from './rules.ts';
import { unusedConstraints } from '../template/unused-properties.ts';
import { checkForErrors, type Checkers } from './check-with-programs.ts';
import type { NamedQueue } from '../assembly/read-queues.ts';
import type { WarnOnce } from '../log/warn-once.ts';

export type LintedQueue = Pick<NamedQueue, 'template' | 'text'> & {
  readonly constraints?: PropertyConstraints | undefined;
  readonly properties?: readonly { readonly name: string }[];
};

export interface Telling {
  readonly log: Logger;
  readonly warnOnce: WarnOnce;
  /** For errors that only bash and Slurm can tell of; they are not asked when left out. */
  readonly programs?: Checkers;
}

/** Each once: the same template may be read again and again. */
export async function warnOfTemplates(queues: readonly LintedQueue[], telling: Telling): Promise<void> {
  const { log, warnOnce, programs } = telling;
  for (const { template, text, constraints, properties = [] } of queues) {
    const { file } = template;
    const { reading, findings } = lintTemplate(file, text);
    const checked = programs === undefined ? [] : (await checkForErrors(reading, programs)).findings;
    for (const finding of [...findings, ...checked]) {
      if (severityOf(finding) !== 'error') continue;
      const { line, rule, sentence } = finding;
      warnOnce(log, `Template ${file}, line ${line}: ${sentence}`, { rule });
    }
    for (const sentence of constraints === undefined ? [] : unusedConstraints(constraints, properties, file))
      warnOnce(log, sentence);
  }
}
