// Tests that `audit` finds and prints the lines of a task without a server.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { auditText } from '../../src/cli/format-audit.ts';
import { formatAuditLine, parseAuditLine, type AuditEvent, type AuditLine } from '../../src/daemon/audit/audit-line.ts';
import { openAuditLog } from '../../src/daemon/audit/audit-log.ts';
import { findAuditLines } from '../../src/daemon/audit/read-audit.ts';
import type { App } from '../../src/assembly/app.ts';
import { UsageError } from '../../src/base/usage-error.ts';
import { rejection } from '../support/rejection.ts';
import { silentLog } from '../support/silent-log.ts';

const TASK = '0123456789abcdef0123456789abcdef';
const NOW = Date.UTC(2026, 10, 15, 12);

function lineOf(event: AuditEvent): AuditLine {
  return parseAuditLine(formatAuditLine(event, 'lab', NOW)) ?? expect.fail('the line cannot be parsed');
}

describe('the audit command', () => {
  let folders: string[];

  beforeEach(async () => {
    folders = [await mkdtemp(join(tmpdir(), 'audit-')), await mkdtemp(join(tmpdir(), 'audit-'))];
  });
  afterEach(async () => {
    for (const folder of folders) await rm(folder, { recursive: true });
  });

  const app = (): App =>
    ({ config: { settings: { clusters: folders.map((stateDir) => ({ stateDir })) } } }) as unknown as App;

  async function write(stateDir: string, task: string, now: number): Promise<void> {
    const audit = await openAuditLog({
      stateDir,
      cluster: 'lab',
      redact: (text) => text,
      clock: { now: () => now },
      log: silentLog,
    });
    await audit.write({ event: 'claimed', task, queue: String(now) });
    await audit.close();
  }

  it('prints the audit lines of a task from all clusters, oldest first', async () => {
    const [one = '', other = ''] = folders;
    await write(one, TASK, NOW);
    await write(other, TASK, NOW - 1_000);
    const lines = await findAuditLines(app(), TASK.slice(0, 6));
    expect(lines.map((line) => 'queue' in line && line.queue)).to.deep.equal([String(NOW - 1_000), String(NOW)]);
  });

  it('prints nothing for an unknown task, and rejects an ambiguous task id', async () => {
    const [one = ''] = folders;
    await write(one, `a${TASK.slice(1)}`, NOW);
    await write(one, `ab${TASK.slice(2)}`, NOW);
    expect(await findAuditLines(app(), 'f')).to.deep.equal([]);
    expect(await rejection(findAuditLines(app(), 'a'))).to.be.instanceOf(UsageError);
    expect(await rejection(findAuditLines(app(), undefined))).to.be.instanceOf(UsageError);
    expect((await rejection(findAuditLines(app(), 'train'))).message).to.equal(
      '"train" is no task id, beginning of a task id or Slurm job id. The audit log has no names of tasks: status shows their ids.',
    );
  });

  it('quotes a user property that contains a newline or looks like another field', () => {
    const submitting: AuditEvent = {
      event: 'submitting',
      task: TASK,
      queue: 'gpu',
      jobName: 'j',
      attempt: 1,
      owner: { id: 'a1', name: 'Ada\u202e' },
      template: { file: '/a.template' },
      scriptSha256: 'f',
      properties: { partition: 'gpu', note: 'a\n2026-11-15 12:00:00 UTC  claimed', 'x, Unix user': 'b, because c' },
      propertiesLeftOff: 5,
    };
    const failing = { event: 'status not changed', task: TASK, why: 'a\nb\u009b' } as const;
    const [, ...rows] = auditText([submitting, failing].map(lineOf)).split('\n');
    expect(rows).to.deep.equal([
      `2026-11-15 12:00:00 UTC  submitting              ${[
        'owner "Ada\\u{202e}" a1',
        'attempt 1',
        'template /a.template',
        'SHA-256 of the script f',
        'property partition gpu',
        'property note "a\\n2026-11-15 12:00:00 UTC  claimed"',
        'property "x, Unix user" "b, because c"',
        'properties not shown 5',
      ].join(', ')}`,
      '2026-11-15 12:00:00 UTC  status not changed      a\\u000ab\\u009b',
      '',
    ]);
  });

  it('restores control characters that the audit log has escaped', () => {
    const event: AuditEvent = { event: 'status not changed', task: TASK, why: 'a\u009b31mb\u202e\u2028' };
    expect(formatAuditLine(event, 'lab', NOW)).to.include('"why":"a\\u009b31mb\\u202e\\u2028"');
    expect(lineOf(event)).to.include(event);
  });

  it('prints the time, the event, the requester and the details of each line', () => {
    const lines: readonly AuditEvent[] = [
      { event: 'cancelling', task: TASK, jobs: ['7', '8'], by: 'user', why: 'the task was aborted' },
      {
        event: 'changing status',
        task: TASK,
        to: 'failed',
        action: 'end',
        by: 'daemon',
        reason: 'Slurm TIMEOUT',
        message: 'It ended.',
      },
    ];
    expect(auditText(lines.map(lineOf))).to.equal(
      [
        'TIME                     EVENT            BY      DETAILS',
        '2026-11-15 12:00:00 UTC  cancelling       user    job 7, 8: the task was aborted',
        '2026-11-15 12:00:00 UTC  changing status  daemon  to failed: Slurm TIMEOUT. It ended.',
        '',
      ].join('\n'),
    );
  });
});
