// The audit log of one task, from the state directories of the configuration. Needs no server and no cluster.
import type { App } from '../assembly/app.ts';
import { UsageError } from '../base/usage-error.ts';
import type { AuditLine } from '../daemon/audit/audit-line.ts';
import { readAudit } from '../daemon/audit/read-audit.ts';

/**
 * The lines of a task, the oldest first, from all clusters; none of an unknown task.
 * @param text a task id, a unique prefix of it, or a Slurm job id
 * @throws UsageError if it is missing or ambiguous
 */
export async function findAuditLines({ config }: App, text: string | undefined): Promise<readonly AuditLine[]> {
  if (text === undefined)
    throw new UsageError('audit needs a TASK: a task id, a unique prefix of it, or a Slurm job id.');
  const { clusters } = config.settings;
  const lines = (await Promise.all(clusters.map(({ stateDir }) => readAudit(stateDir, text)))).flat();
  const tasks = new Set(lines.map((line) => ('task' in line ? line.task : '')));
  if (tasks.size > 1)
    throw new UsageError(`"${text}" matches more than one task; give more of the id:\n  ${[...tasks].join('\n  ')}`);
  return lines.toSorted((one, other) => (one.time < other.time ? -1 : Number(one.time > other.time)));
}

/** The message for a task without lines. */
export function describeNoLines({ config }: App, text: string): string {
  const where = config.settings.clusters.map(({ stateDir }) => stateDir).join(', ');
  return `The audit log in ${where} has no task "${text}". Run this command as the Unix user of the daemon, or use --state-dir.\n`;
}
