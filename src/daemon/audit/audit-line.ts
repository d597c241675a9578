// The lines of the audit log: who asked for what, and what the daemon did. `audit` prints them, and sites may collect the files.
import { isJsonObject, parseJson } from '../../base/parse-json.ts';
import { escapeToOneLine } from '../../base/terminal-text.ts';

/** Of whom the daemon does the will: a user of ClearML, a user of Slurm, or its own decision. */
export type Asker = 'user' | 'slurm' | 'daemon';

interface OfTask {
  readonly task: string;
}

interface OfJob extends OfTask {
  readonly queue?: string | undefined;
  readonly job?: string | undefined;
}

/** The actions of the decision table that change the status or the queue of a task. */
export type StatusAction = 'end' | 'repeat-abort' | 'dequeue' | 'park-again' | 'return-to-queue';

/** What a line is about. Lines only get new fields; none is renamed or removed. */
export type AuditEvent =
  /** The daemon took the task from its queue. */
  | (OfTask & { readonly event: 'claimed'; readonly queue: string })
  /** The daemon is about to run sbatch. */
  | (OfTask & {
      readonly event: 'submitting';
      readonly queue: string;
      readonly jobName: string;
      readonly attempt: number;
      /** Why it is not the first attempt. */
      readonly why?: string | undefined;
      /** The owner of the task in ClearML. */
      readonly owner: { readonly id?: string | undefined; readonly name?: string | undefined };
      /** The id of the user who enqueued the task, if the server still shows it. */
      readonly enqueuedBy?: string | undefined;
      /** The Unix user of the job. */
      readonly unixUser?: string | undefined;
      readonly template: { readonly file: string; readonly sha256?: string | undefined };
      readonly scriptSha256: string;
      /** At most 100; those that the template reads come first. */
      readonly properties: Readonly<Record<string, string>>;
      /** How many more the task has. */
      readonly propertiesLeftOff?: number | undefined;
    })
  /** Slurm accepted the job. */
  | (OfTask & { readonly event: 'submitted'; readonly queue: string; readonly job: string; readonly jobName: string })
  /** The daemon is about to run scancel. */
  | (OfTask & {
      readonly event: 'cancelling';
      readonly queue?: string | undefined;
      readonly jobs: readonly string[];
      readonly by: Asker;
      readonly why: string;
    })
  /** The daemon is about to change the status or the queue of the task. */
  | (OfJob & {
      readonly event: 'changing status';
      readonly to: 'failed' | 'stopped' | 'completed' | 'queued' | 'status before the enqueue';
      readonly action: StatusAction;
      readonly by: Asker;
      readonly reason: string;
      readonly message: string;
    })
  /** The change that the line before announced did not happen, or its response was lost. */
  | (OfJob & { readonly event: 'status not changed'; readonly why: string })
  /** The daemon stops tracking the task, whose status a user or the agent has set. */
  | (OfJob & { readonly event: 'ended'; readonly status: string })
  /** The file could not be written for a while, and memory could not keep all lines. */
  | { readonly event: 'lines lost'; readonly count: number };

export const AUDIT_VERSION = 1;

/** A line as it is read: the event, when it was written, and the cluster. */
export type AuditLine = AuditEvent & {
  readonly v: typeof AUDIT_VERSION;
  /** ISO 8601, UTC. */
  readonly time: string;
  /** Slurm's name of the cluster. */
  readonly cluster: string;
};

/** @param now milliseconds since 1970 */
export function formatAuditLine(event: AuditEvent, cluster: string, now: number): string {
  const line: AuditLine = { v: AUDIT_VERSION, time: new Date(now).toISOString(), cluster, ...event };
  return escapeToOneLine(JSON.stringify(line));
}

/** undefined for a damaged line. */
export function parseAuditLine(text: string): AuditLine | undefined {
  const line = parseJson(text);
  const isLine = isJsonObject(line) && line['v'] === AUDIT_VERSION && 'event' in line && 'time' in line;
  return isLine ? (line as unknown as AuditLine) : undefined;
}
