// Formats the audit log of a task for a terminal.
import { escapeToOneLine } from '../base/terminal-text.ts';
import { textTable } from '../base/text-table.ts';
import type { AuditLine } from '../daemon/audit/audit-line.ts';
import { displayInTable, displayWholeValue } from '../sbatch-template/placeholders/display-value.ts';

const HEAD = ['TIME', 'EVENT', 'BY', 'DETAILS'];

export function auditText(lines: readonly AuditLine[], columns?: number): string {
  const rows = lines.map((line) => [
    line.time.replace('T', ' ').replace(/\.\d+Z$/, ' UTC'),
    line.event,
    'by' in line ? line.by : '',
    escapeToOneLine(details(line)),
  ]);
  return textTable(HEAD, rows, columns);
}

function details(line: AuditLine): string {
  switch (line.event) {
    case 'claimed':
      return `queue ${line.queue}, cluster ${line.cluster}`;
    case 'submitting':
      return list([
        [
          'owner',
          [line.owner.name, line.owner.id].flatMap((one) => (one === undefined ? [] : [displayFact(one)])).join(' '),
        ],
        ['enqueued by', line.enqueuedBy],
        ['Unix user', line.unixUser],
        ['attempt', String(line.attempt)],
        ['template', line.template.file],
        ['SHA-256 of the template', line.template.sha256],
        ['SHA-256 of the script', line.scriptSha256],
        ...Object.entries(line.properties).map(
          ([name, value]) => [`property ${displayFact(name)}`, displayFact(value)] as const,
        ),
        ['properties not shown', line.propertiesLeftOff === undefined ? undefined : String(line.propertiesLeftOff)],
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

/** Users choose it: it must not look like another fact. */
function displayFact(text: string): string {
  return text.includes(',') ? displayWholeValue(text) : displayInTable(text);
}
