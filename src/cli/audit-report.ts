// Formats the audit log of a task for a terminal.
import { textTable } from '../base/text-table.ts';
import type { AuditLine } from '../daemon/audit/audit-line.ts';

const HEAD = ['TIME', 'EVENT', 'BY', 'DETAILS'];

export function auditText(lines: readonly AuditLine[], columns?: number): string {
  const rows = lines.map((line) => [
    line.time.replace('T', ' ').replace(/\.\d+Z$/, ' UTC'),
    line.event,
    'by' in line ? line.by : '',
    details(line),
  ]);
  return textTable(HEAD, rows, columns);
}

function details(line: AuditLine): string {
  switch (line.event) {
    case 'claimed':
      return `queue ${line.queue}, cluster ${line.cluster}`;
    case 'submitting':
      return list([
        ['owner', [line.owner.name, line.owner.id].filter((one) => one !== undefined).join(' ')],
        ['enqueued by', line.enqueuedBy],
        ['Unix user', line.unixUser],
        ['attempt', String(line.attempt)],
        ['template', line.template.file],
        ['its SHA-256', line.template.sha256],
        ['SHA-256 of the script', line.scriptSha256],
        ...Object.entries(line.properties).map(([name, value]) => [`property ${name}`, value] as const),
        ['because', line.why],
      ]);
    case 'submitted':
      return `job ${line.job} (${line.jobName})`;
    case 'cancelling':
      return `job ${line.jobs.join(', ')}: ${line.why}`;
    case 'changing status':
      return `to ${line.to}: ${line.reason}${line.message === '' ? '' : `. ${line.message}`}`;
    case 'status not changed':
      return line.why;
    case 'ended':
      return `status ${line.status}`;
    case 'lines lost':
      return String(line.count);
  }
}

function list(facts: readonly (readonly [string, string | undefined])[]): string {
  return facts.flatMap(([name, value]) => (value === undefined || value === '' ? [] : [`${name} ${value}`])).join(', ');
}
