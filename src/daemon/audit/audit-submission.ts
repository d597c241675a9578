// The audit line of a submission: who it is for, and exactly what Slurm gets.
import { createHash } from 'node:crypto';
import { limitText, MAX_LENGTH } from '../../base/truncate-text.ts';
import { redactText } from '../../base/secret-patterns.ts';
import { parseTime } from '../../clearml/parse-time.ts';
import type { TaskDocument } from '../../clearml/task.ts';
import { readField } from '../../clearml/unreadable-entries.ts';
import type { ServedQueue } from '../deps.ts';
import { isHeldMessage } from '../console/console-messages.ts';
import type { Entry } from '../journal/entry.ts';
import type { AuditEvent } from './audit-line.ts';

type Submitting = Extract<AuditEvent, { event: 'submitting' }>;

export interface Submission {
  readonly entry: Entry;
  readonly jobName: string;
  readonly script: string;
  readonly read: TaskDocument;
  readonly queue: Pick<ServedQueue, 'template' | 'templatePath' | 'templateSha256' | 'properties'> | undefined;
  readonly why: string | undefined;
  /** Of the Unix user of the job. */
  readonly userId: number | undefined;
}

/** @returns the line to write before sbatch runs; a secret in a user property is masked, and long texts are truncated */
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
    ...readProperties(
      read,
      queue?.properties?.map(({ name }) => name),
    ),
  };
}

/** The name is known only of root and of a user of the user map. */
function describeUnixUser({ unixUser }: Entry, userId: number | undefined): string | undefined {
  if (userId === undefined) return undefined;
  const name = userId === 0 ? 'root' : unixUser?.name;
  return name === undefined ? `uid ${userId}` : `${name} (uid ${userId})`;
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
  const changedAt = typeof changed === 'string' ? parseTime(changed) : undefined;
  if (typeof by !== 'string' || changedAt === undefined || origin?.enqueuedAt === undefined) return undefined;
  return Math.abs(changedAt - origin.enqueuedAt) <= SAME_REQUEST_MS ? by : undefined;
}

/** A task may have any number, but a template reads few. */
const MAX_PROPERTIES = 100;

/** Those that the template reads come first: a user must not push them out of the line. */
function readProperties(
  { document }: TaskDocument,
  used: readonly string[] = [],
): Pick<Submitting, 'properties' | 'propertiesLeftOff'> {
  const properties = readField(readField(document, 'hyperparams'), 'properties');
  if (typeof properties !== 'object' || properties === null) return { properties: {} };
  const names = new Set([...used.filter((name) => Object.hasOwn(properties, name)), ...Object.keys(properties)]);
  const shown = [...names].slice(0, MAX_PROPERTIES);
  return {
    properties: Object.fromEntries(
      shown.map((name) => [
        limitText(name, 'name'),
        showProperty(limitText(name, 'name'), readField(readField(properties, name), 'value')),
      ]),
    ),
    ...(names.size > shown.length ? { propertiesLeftOff: names.size - shown.length } : {}),
  };
}

/** Without secrets. The name is part of the searched text, because a secret is recognized by it. */
function showProperty(name: string, value: unknown): string {
  try {
    const text = typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
    const named = `${name}=`;
    const { shown } = redactText(named + limitValue(text));
    return shown.startsWith(named) ? shown.slice(named.length) : shown;
  } catch {
    // Such as a value that is nested too deeply: no submission fails for its audit line.
    return '(not readable)';
  }
}

/** Redaction takes longer for longer texts. Half a word at the end is removed: half a secret is not recognized as one. */
function limitValue(text: string): string {
  if (text.length <= MAX_LENGTH.propertyValue) return text;
  const words = /^[^]*\s/.exec(limitText(text, 'propertyValue'))?.[0] ?? '';
  return `${words}… (${text.length} characters)`;
}
