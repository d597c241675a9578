// Writes the audit log: JSON lines with mode 0600 in the state directory, synced to disk, rotated by size.
//
// A line is written before an effect that cannot be undone (sbatch, scancel, a status change), so that a killed daemon leaves no effect
// without its line; if the effect fails, a second line says so. What the server or Slurm has granted (a claim, a job id) is written
// before the journal records it: a killed daemon then finds it again, and repeats the line.
//
// A full disk stops no task by itself: the daemon's log reports it once, and memory keeps 16 MB of lines until they can be written. The
// journal, which does stop tasks then, is on the same disk, and `doctor` tests whether the state directory can be written.
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { createLineFile } from '../../base/append-lines.ts';
import { limitText } from '../../base/truncate-text.ts';
import { makePrivateSubdirectory } from '../../base/private-paths.ts';
import { unlessMissing } from '../../base/missing-files.ts';
import type { Logger } from '../../log/logger.ts';
import { rotateLog } from '../../log/rotate-log.ts';
import { formatAuditLine, type AuditEvent } from './audit-line.ts';

export interface AuditLog {
  /** Resolves when the line is on disk, or in memory if the file cannot be written. Never rejects. */
  write(event: AuditEvent): Promise<void>;
  close(): Promise<void>;
}

export interface AuditLogOptions {
  /** Of the cluster. */
  readonly stateDir: string;
  /** Slurm's name of the cluster. */
  readonly cluster: string;
  /** The task of `execute`, which writes beside a daemon; the daemon has none. */
  readonly writer?: string | undefined;
  /** Masks the secrets in a text. */
  readonly redact: (text: string) => string;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/** Of 1,000 tasks a day, about four months: a task has some 2 kB. */
const ROTATION = { maxBytes: 10_000_000, keep: 24, isReopened: true };
const YEAR_MS = 366 * 24 * 3_600_000;

export function auditDir(stateDir: string): string {
  return join(stateDir, 'audit');
}

export async function openAuditLog({
  stateDir,
  cluster,
  writer,
  redact,
  clock,
  log,
}: AuditLogOptions): Promise<AuditLog> {
  const folder = auditDir(stateDir);
  const file = join(folder, `${writer ?? 'daemon'}.jsonl`);
  if (writer === undefined)
    await removeOld(folder, clock.now() - YEAR_MS).catch((err: unknown) =>
      log.warn('Could not delete old audit logs of the command "execute"', { folder, err }),
    );

  let isRotationFailing = false;

  /** A file that is too large is better than lines that are only in memory. */
  function rotate(): void {
    try {
      rotateLog(file, ROTATION);
      isRotationFailing = false;
    } catch (err) {
      if (!isRotationFailing)
        log.warn('Cannot rotate the audit log; the file grows until a rotation succeeds', { file, err });
      isRotationFailing = true;
    }
  }

  const lines = createLineFile({
    path: file,
    async prepare() {
      await makePrivateSubdirectory(folder);
      rotate();
    },
    maxBytes: ROTATION.maxBytes,
    isSynced: true,
    onFailure: (err) =>
      log.error(
        "Cannot write the audit log; keeping its lines in memory. Free some disk space, or fix the directory's permissions",
        {
          file,
          err,
        },
      ),
    onRecovery(lost) {
      log.info('The audit log is writable again', { file, lost });
      if (lost > 0) void write({ event: 'lines lost', count: lost });
    },
  });

  function write(event: AuditEvent): Promise<void> {
    return lines.append(formatAuditLine(redactAll(event, redact), cluster, clock.now()));
  }

  return { write, close: () => lines.close() };
}

/**
 * Masks secrets in each text on its own: in the text of the whole line, a mask could replace a quote between two of them. Then truncates
 * it: half a secret would not be recognized.
 */
function redactAll<Value>(value: Value, redact: (text: string) => string): Value {
  if (typeof value === 'string') return limitText(redactOr(value, redact), 'auditText') as Value;
  if (Array.isArray(value)) return value.map((one: unknown) => redactAll(one, redact)) as Value;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]: [string, unknown]) => [key, redactAll(one, redact)]),
  ) as Value;
}

/** No task fails for its audit line, whatever text a user has written. */
function redactOr(text: string, redact: (text: string) => string): string {
  try {
    return redact(text);
  } catch {
    return '(not readable)';
  }
}

/** Deletes the files of former `execute` commands; those of the daemon are limited by their rotation. */
async function removeOld(folder: string, before: number): Promise<void> {
  for (const path of await auditFiles(folder)) {
    if (!path.includes('/daemon.jsonl') && (await stat(path)).mtimeMs < before) await rm(path);
  }
}

/** All files of the audit log, in no order; none if there is no directory. */
export async function auditFiles(folder: string): Promise<string[]> {
  const names = (await unlessMissing(readdir(folder))) ?? [];
  return names.filter((name) => /^\w+\.jsonl(\.\d+)?$/.test(name)).map((name) => join(folder, name));
}
