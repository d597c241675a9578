// Reads the audit log of a state directory, beside the daemon that writes it.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { auditDir, auditFiles } from './audit-log.ts';
import { parseAuditLine, type AuditLine } from './audit-line.ts';

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
