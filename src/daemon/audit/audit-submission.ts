// The audit line of a submission: who it is for, and exactly what Slurm gets.
import { createHash } from 'node:crypto';
import { redactText } from '../../base/secrets-by-format.ts';
import { readTime } from '../../clearml/iso-time.ts';
import type { TaskDocument } from '../../clearml/task.ts';
import type { ServedQueue } from '../deps.ts';
import { isHeldMessage } from '../console/console-messages.ts';
import type { Entry } from '../journal/entry.ts';
import type { AuditEvent } from './audit-line.ts';

export interface Submission {
  readonly entry: Entry;
  readonly jobName: string;
  readonly script: string;
  readonly read: TaskDocument;
  readonly queue: Pick<ServedQueue, 'template' | 'templatePath' | 'templateSha256'> | undefined;
  readonly why: string | undefined;
  /** Of the Unix user of the job. */
  readonly userId: number | undefined;
}

/** @returns the line to write before sbatch runs; a secret in a user property is masked */
export function describeSubmission({ entry, jobName, script, read, queue, why, userId }: Submission): AuditEvent {
  return {
    event: 'submitting',
    task: entry.task,
    queue: entry.queueName,
    jobName,
    attempt: entry.attempts,
    why,
    owner: { id: read.task.user, name: entry.origin?.userName },
    enqueuedBy: findEnqueuer(read, entry),
    unixUser: describeUnixUser(entry, userId),
    template: { file: queue?.templatePath ?? queue?.template.file ?? '', sha256: queue?.templateSha256 },
    scriptSha256: sha256(script),
    properties: readProperties(read),
  };
}

/** The name is known only of a user of the user map. */
function describeUnixUser({ unixUser }: Entry, userId: number | undefined): string | undefined {
  if (userId === undefined) return undefined;
  return unixUser === undefined ? `uid ${userId}` : `${unixUser.name} (uid ${userId})`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The server changes the task and its entry in the queue in one request, a moment apart. */
const SAME_REQUEST_MS = 2_000;

/** The server has no field for it, only for the last change: the enqueue, unless the task was edited while it waited. */
function findEnqueuer({ task, document }: TaskDocument, { origin }: Entry): string | undefined {
  // The last change is the message of a daemon that a limit or a pause holds the task.
  if (isHeldMessage(task.statusMessage)) return undefined;
  const { last_change: changed, last_changed_by: by } = document;
  const changedAt = typeof changed === 'string' ? readTime(changed) : undefined;
  if (typeof by !== 'string' || changedAt === undefined || origin?.enqueuedAt === undefined) return undefined;
  return Math.abs(changedAt - origin.enqueuedAt) <= SAME_REQUEST_MS ? by : undefined;
}

function readProperties({ document }: TaskDocument): Record<string, string> {
  const properties = fieldOf(fieldOf(document, 'hyperparams'), 'properties');
  if (typeof properties !== 'object' || properties === null) return {};
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]: [string, unknown]) => {
      const value = fieldOf(property, 'value');
      const named = `${name}=`;
      const shown = redactText(`${named}${typeof value === 'string' ? value : JSON.stringify(value)}`).shown;
      return [name, shown.startsWith(named) ? shown.slice(named.length) : shown];
    }),
  );
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
