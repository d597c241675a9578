// At the start, and when templates are read again: a warning of each error that lint finds in one, with its line.
import type { Logger } from '../log/logger.ts';
import { unreadLimits } from '../template/unread-properties.ts';
import type { Checkers } from './lint-checkers.ts';
import type { FoundQueue } from './serve-queues.ts';
import type { WarnOnce } from './warn-once.ts';

export type LintedQueue = Pick<FoundQueue, 'template' | 'text' | 'bounds' | 'properties'>;

export interface Telling {
  readonly log: Logger;
  readonly warnOnce: WarnOnce;
  /** For errors that only bash and Slurm can tell of; they are not asked when left out. */
  readonly programs?: Checkers;
}

/** The modules of lint are loaded only now: no other command needs them. */
export async function warnOfTemplates(queues: readonly LintedQueue[], telling: Telling): Promise<void> {
  const { log, warnOnce, programs } = telling;
  const [{ lintTemplate }, { severityOf }, { checkForErrors }] = await Promise.all([
    import('../template/lint/lint-template.ts'),
    import('../template/lint/rules.ts'),
    import('./lint-checkers.ts'),
  ]);
  for (const { template, text, bounds, properties = [] } of queues) {
    const { file } = template;
    const { reading, findings } = lintTemplate(file, text);
    const checked = programs === undefined ? [] : (await checkForErrors(reading, programs)).findings;
    for (const finding of [...findings, ...checked]) {
      if (severityOf(finding) !== 'error') continue;
      const { line, rule, sentence } = finding;
      warnOnce(log, `Template ${file}, line ${line}: ${sentence}`, { rule });
    }
    for (const sentence of bounds === undefined ? [] : unreadLimits(bounds, properties, file)) warnOnce(log, sentence);
  }
}
