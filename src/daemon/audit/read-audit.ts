// Finds the audit log of one task, in the state directories of the configuration, beside the daemons that write it. Needs no server and no cluster.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { App } from '../../assembly/app.ts';
import { UsageError } from '../../base/usage-error.ts';
import { auditDir, auditFiles } from './audit-log.ts';
import { parseAuditLine, type AuditLine } from './audit-line.ts';

/**
 * The lines of a task, the oldest first, from all clusters; none of an unknown task.
 * @param text a task id, a unique prefix of it, or a Slurm job id
 * @throws UsageError if it is missing, ambiguous or the name of a task
 */
export async function findAuditLines({ config }: App, text: string | undefined): Promise<readonly AuditLine[]> {
  if (text === undefined)
    throw new UsageError('audit needs a TASK: a task id, a unique prefix of it, or a Slurm job id.');
  if (!/^[\da-f]+$/.test(text))
    throw new UsageError(
      `"${text}" is no task id, beginning of a task id or Slurm job id. The audit log has no names of tasks: status shows their ids.`,
    );
  const { clusters } = config.settings;
  const lines = (await Promise.all(clusters.map(({ stateDir }) => readAudit(stateDir, text)))).flat();
  const tasks = new Set(lines.map((line) => ('task' in line ? line.task : '')));
  if (tasks.size > 1)
    throw new UsageError(
      `"${text}" matches more than one task. Give one of these ids, or a unique prefix of it:\n  ${[...tasks].join('\n  ')}`,
    );
  return inOrder(lines);
}

/** The message for a task without lines. */
export function describeNoLines({ config }: App, text: string): string {
  const where = config.settings.clusters.map(({ stateDir }) => stateDir).join(', ');
  return `The audit log in ${where} has no task "${text}". Run this command as the Unix user of the daemon, or use --state-dir.\n`;
}

/**
 * The lines about the tasks that had this Slurm job, or else about those whose id begins with this text, the oldest first. A directory
 * without an audit log has none.
 * @throws the errors of the file system, such as for the directory of another user
 */
export async function readAudit(stateDir: string, text: string): Promise<AuditLine[]> {
  const byId: AuditLine[] = [];
  const tasksOfJob = new Set<string>();
  const others: AuditLine[] = [];
  for (const path of await auditFiles(auditDir(stateDir))) {
    for await (const each of createInterface({ input: createReadStream(path, 'utf8') })) {
      // Most lines are about other tasks.
      const line = each.includes(text) ? parseAuditLine(each) : undefined;
      if (line === undefined || !('task' in line)) continue;
      if (line.task.startsWith(text)) byId.push(line);
      if ('job' in line && line.job === text) tasksOfJob.add(line.task);
    }
  }
  if (tasksOfJob.size === 0) return inOrder(byId);
  for (const task of tasksOfJob) others.push(...(await readAudit(stateDir, task)));
  return inOrder(others);
}

function inOrder(lines: readonly AuditLine[]): AuditLine[] {
  return lines.toSorted((one, other) => (one.time < other.time ? -1 : Number(one.time > other.time)));
}
