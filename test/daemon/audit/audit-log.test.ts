// Tests that the audit log keeps every line, hides every secret, and is readable by its owner alone.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, rmdir, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import {
  auditDir,
  auditFiles,
  openAuditLog,
  type AuditLog,
  type AuditLogOptions,
} from '../../../src/daemon/audit/audit-log.ts';
import { parseAuditLine, type AuditLine } from '../../../src/daemon/audit/audit-line.ts';
import { readAudit } from '../../../src/daemon/audit/read-audit.ts';
import { silentLog } from '../../support/silent-log.ts';

const TASK = '0123456789abcdef0123456789abcdef';
const NOW = Date.UTC(2026, 10, 15, 12);

describe('the audit log', () => {
  let stateDir: string;
  let file: string;

  beforeEach(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'audit-'));
    file = join(auditDir(stateDir), 'daemon.jsonl');
  });
  afterEach(async () => {
    for (const audit of opened.splice(0)) await audit.close();
    await rm(stateDir, { recursive: true, force: true });
  });

  const opened: AuditLog[] = [];
  async function open(options: Partial<AuditLogOptions> = {}): Promise<AuditLog> {
    const audit = await openAuditLog({
      stateDir,
      cluster: 'lab',
      redact: (text) => text,
      clock: { now: () => NOW },
      log: silentLog,
      ...options,
    });
    opened.push(audit);
    return audit;
  }

  it('contains one JSON line for each event, with time and cluster', async () => {
    const audit = await open();
    await audit.write({ event: 'claimed', task: TASK, queue: 'gpu' });
    expect(await readFile(file, 'utf8')).to.equal(
      `{"v":1,"time":"2026-11-15T12:00:00.000Z","cluster":"lab","event":"claimed","task":"${TASK}","queue":"gpu"}\n`,
    );
  });

  it('has file mode 0600, in a directory of mode 0700', async () => {
    await (await open()).write({ event: 'claimed', task: TASK, queue: 'gpu' });
    expect((await stat(auditDir(stateDir))).mode & 0o777).to.equal(0o700);
    expect((await stat(file)).mode & 0o777).to.equal(0o600);
  });

  it('masks a secret in every field of an event', async () => {
    const audit = await open({ redact: (text) => text.replaceAll('hunter2"', '********') });
    const cancelling = { event: 'cancelling', task: TASK, jobs: ['hunter2"'], by: 'user', why: 'hunter2"' } as const;
    await audit.write(cancelling);
    const [line] = await readAudit(stateDir, TASK);
    expect(line).to.deep.include({ jobs: ['********'], why: '********' });
  });

  it('masks the secrets in a long text before it truncates the text', async () => {
    const redact = (text: string): string => {
      if (text === 'gpu') throw new RangeError('Maximum call stack size exceeded');
      return text.replaceAll('hunter2', '********');
    };
    const audit = await open({ redact });
    const why = `${'a'.repeat(4_093)}hunter2${'a'.repeat(16_000_000)}`;
    await audit.write({ event: 'cancelling', task: TASK, queue: 'gpu', jobs: [], by: 'user', why });
    const [line] = await readAudit(stateDir, TASK);
    expect(line).to.deep.include({ queue: '(not readable)', why: `${'a'.repeat(4_093)}**…` });
  });

  it('loses no confirmed line in several rotations and a SIGKILL of the daemon (D-14)', async () => {
    const writer = join(import.meta.dirname, 'write-until-killed.ts');
    const child = spawn(process.execPath, [...process.execArgv, writer, stateDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let confirmed = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      confirmed = Number(line) + 1;
      // More than two files of 10 MB.
      if (confirmed === 230) child.kill('SIGKILL');
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');

    const files = await auditFiles(auditDir(stateDir));
    expect(files.length).to.be.at.least(3);
    const kept = new Set<string>();
    for (const path of files) {
      // The kill may have cut off the line that was not confirmed yet: a signal ends a write between two pages.
      for (const line of (await readFile(path, 'utf8')).split('\n').map(parseAuditLine))
        if (line !== undefined && 'task' in line) kept.add(line.task);
    }
    expect([...Array(confirmed).keys()].filter((line) => !kept.has(String(line)))).to.deep.equal([]);
  });

  it('never recreates a deleted state directory (D-17)', async () => {
    const audit = await open();
    await audit.write({ event: 'claimed', task: TASK, queue: 'a' });
    await rm(stateDir, { recursive: true });

    await audit.write({ event: 'claimed', task: TASK, queue: 'b' });
    await audit.close();

    expect(existsSync(stateDir)).to.equal(false);
  });

  it('creates no file in a state directory that has become writable for other users', async () => {
    const errors: unknown[] = [];
    const log = { ...silentLog, error: (...facts: unknown[]): void => void errors.push(facts) };
    const audit = await open({ log });
    await audit.write({ event: 'claimed', task: TASK, queue: 'a' });
    await chmod(stateDir, 0o777);
    await rm(file);

    await audit.write({ event: 'claimed', task: TASK, queue: 'b' });

    expect(existsSync(file)).to.equal(false);
    expect(String(errors)).to.include('Cannot write the audit log');
    await chmod(stateDir, 0o700);
    await audit.close();
    expect(await readFile(file, 'utf8')).to.include('"queue":"b"');
  });

  it('keeps its lines in memory while the file is not writable (D-15)', async () => {
    const messages: string[] = [];
    const note = (message: string): void => void messages.push(message);
    const audit = await open({ log: { info: note, warn: note, error: note } });
    await mkdir(file, { recursive: true });
    await audit.write({ event: 'claimed', task: TASK, queue: 'a' });
    await audit.write({ event: 'claimed', task: TASK, queue: 'b' });
    await rmdir(file);
    await audit.write({ event: 'claimed', task: TASK, queue: 'c' });

    expect((await readAudit(stateDir, TASK)).map((line) => 'queue' in line && line.queue)).to.deep.equal([
      'a',
      'b',
      'c',
    ]);
    expect(messages).to.deep.equal([
      "Cannot write the audit log; keeping its lines in memory. Free some disk space, or fix the directory's permissions",
      'The audit log is writable again',
    ]);
  });

  it('grows beyond 10 MB if the file cannot be rotated, and the daemon logs the error once (D-15)', async () => {
    const messages: string[] = [];
    const note = (message: string): void => void messages.push(message);
    const audit = await open({ log: { info: note, warn: note, error: note } });
    await mkdir(join(`${file}.24`, 'not empty'), { recursive: true, mode: 0o700 });
    await chmod(auditDir(stateDir), 0o700);
    for (let age = 1; age < 24; age += 1) await writeFile(`${file}.${age}`, '');
    await writeFile(file, `${' '.repeat(10_000_000)}\n`);

    await audit.write({ event: 'claimed', task: TASK, queue: 'a' });
    await audit.write({ event: 'claimed', task: TASK, queue: 'b' });

    expect((await readFile(file, 'utf8')).trim().split('\n')).to.have.length(2);
    expect(messages).to.deep.equal(['Cannot rotate the audit log; the file grows until a rotation succeeds']);
  });

  it('keeps its own year-old files when the daemon deletes year-old files of `execute`', async () => {
    await mkdir(auditDir(stateDir), { mode: 0o700 });
    const old = join(auditDir(stateDir), `${TASK}.jsonl`);
    for (const path of [old, file]) {
      await writeFile(path, '');
      await utimes(path, 0, NOW / 1000 - 367 * 86_400);
    }
    await open();
    expect(await auditFiles(auditDir(stateDir))).to.deep.equal([file]);
  });

  describe('search', () => {
    const shown = (lines: readonly AuditLine[]): string[] => lines.map((line) => ('task' in line ? line.task : ''));

    beforeEach(async () => {
      const audit = await open();
      await audit.write({ event: 'claimed', task: TASK, queue: 'gpu' });
      await audit.write({ event: 'submitted', task: TASK, queue: 'gpu', job: '7', jobName: 'a' });
      await audit.write({ event: 'claimed', task: 'f'.repeat(32), queue: `for ${TASK}` });
      const other = await open({ writer: TASK, clock: { now: () => NOW - 1_000 } });
      await other.write({ event: 'ended', task: TASK, status: 'failed' });
    });

    it("finds a task's lines by the beginning of the task id, and returns the oldest line first", async () => {
      expect((await readAudit(stateDir, TASK.slice(0, 8))).map(({ event }) => event)).to.deep.equal([
        'ended',
        'claimed',
        'submitted',
      ]);
    });

    it("finds a task's lines by the id of its Slurm job", async () => {
      expect(shown(await readAudit(stateDir, '7'))).to.deep.equal([TASK, TASK, TASK]);
    });

    it('finds the lines of job 7, but of no task whose id begins with 7, if the search text is "7"', async () => {
      await (await open()).write({ event: 'claimed', task: '7'.repeat(32), queue: 'gpu' });
      expect(shown(await readAudit(stateDir, '7'))).to.deep.equal([TASK, TASK, TASK]);
      expect(shown(await readAudit(stateDir, '77'))).to.deep.equal(['7'.repeat(32)]);
    });

    it('finds no lines if the task is unknown or the audit log directory is missing', async () => {
      expect(await readAudit(stateDir, 'e'.repeat(32))).to.deep.equal([]);
      expect(await readAudit(join(stateDir, 'missing'), TASK)).to.deep.equal([]);
    });
  });
});
