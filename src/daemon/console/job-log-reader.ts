// Reads the ends of jobs' logs that may be shown. A slow or suspicious file does not delay the daemon.
import { elapsedMs } from '../../base/past-time.ts';
import type { Clock } from '../../base/clock.ts';
import type { Transport } from '../../transport/transport.ts';
import { readUntrustedFile } from '../../transport/read-untrusted-file.ts';
import { createConcurrencyLimit } from '../../base/concurrency-limit.ts';
import type { JobRecord } from '../../slurm/scheduler.ts';

export type JobLog =
  | { readonly kind: 'read'; readonly path: string; readonly tail: string; readonly isWhole?: boolean }
  /** `why` is a message for the task's console. */
  | { readonly kind: 'not shown'; readonly why: string };

export interface JobLogs {
  /** Returns the end of the job's log, without secrets; undefined if its path is unknown. */
  read(record: JobRecord | undefined, use?: LogUse): Promise<JobLog | undefined>;
}

export interface LogUse {
  /** The task's status depends on it, so the log is read even if another one was slow a moment ago. */
  readonly decides: boolean;
}

export interface JobLogsDeps {
  readonly host: Transport;
  readonly clock: Pick<Clock, 'now'>;
  /** Redacts the daemon's secrets: a job of the same Unix user can read its files, and other users read the console. */
  readonly redact: (text: string) => string;
}

const TAIL_BYTES = 16_384;
const READS_AT_ONCE = 2;
/** After a timeout for an owner none of their logs is read for this long: each try can delay the pass until its timeout. */
const PAUSE_MS = 60_000;

export function createJobLogs({ host, clock, redact }: JobLogsDeps): JobLogs {
  const slots = createConcurrencyLimit(READS_AT_ONCE);
  /** When the last read for each owner took too long. */
  const slowAt = new Map<number, number>();

  /** Of one owner only: users can make the reads of their own logs slow. Several owners have a slow file system in common. */
  function isPaused(owner: number): boolean {
    for (const [slow, at] of slowAt) if (elapsedMs(at, clock.now()) >= PAUSE_MS) slowAt.delete(slow);
    return slowAt.has(owner) || slowAt.size > 1;
  }

  async function readEnd(path: string, owner: number, { decides }: LogUse): Promise<JobLog> {
    if (!decides && isPaused(owner)) return unreadable(path);
    const found = await readUntrustedFile(host, { path, owner }, { from: -TAIL_BYTES, max: TAIL_BYTES });
    switch (found.kind) {
      case 'read':
        return {
          kind: 'read',
          path,
          tail: redact(fromWholeLine(found.text, found.start)),
          isWhole: found.start === 0,
        };
      case 'refused':
        return { kind: 'not shown', why: `The job's log ${path} is not shown because it ${found.why}.` };
      case 'too slow':
        slowAt.set(owner, clock.now());
        return unreadable(path);
      case 'unreadable':
        return unreadable(path);
    }
  }

  return {
    async read(record, use = { decides: false }) {
      if (record === undefined) return undefined;
      const { outputPath, userId, isOutputInDoubt } = record;
      if (isOutputInDoubt === true || (outputPath !== undefined && userId === undefined)) {
        return {
          kind: 'not shown',
          why: "The job's log is not shown: its path in Slurm's record of the job is ambiguous.",
        };
      }
      if (outputPath === undefined || userId === undefined) return undefined;
      return slots.run(() => readEnd(outputPath, userId, use));
    },
  };
}

function unreadable(path: string): JobLog {
  return { kind: 'not shown', why: `The job's log ${path} cannot be read from here; read it on the node.` };
}

/** Drops a partial first line: it may begin in the middle of a secret that redaction would miss. */
function fromWholeLine(text: string, start: number): string {
  return start === 0 ? text : text.slice(text.indexOf('\n') + 1);
}
