// Redacts console lines and status messages of tasks, as the log is redacted.
import type { Secrets } from '../log/redact-secrets.ts';
import type { ConsoleLine, Events, StatusNote, Tasks } from './client.ts';

type Redact = Pick<Secrets, 'redact'>;

/** Longer than any message of ours, unless it quotes a name or value that a user made that long. */
const MAX_STATUS_LENGTH = 4_000;

/** The same events; no secret appears in their lines. */
export function redactedEvents(events: Events, secrets: Redact): Events {
  const redacted = (lines: readonly ConsoleLine[]): ConsoleLine[] =>
    lines.map(({ level, text }) => ({ level, text: secrets.redact(text) }));
  return {
    read: (task, which) => events.read(task, which),
    log: (task, worker, lines) => events.log(task, worker, redacted(lines)),
    logLater: (task, worker, lines) => events.logLater(task, worker, redacted(lines)),
    flush: () => events.flush(),
  };
}

/** The same tasks; no secret appears in their status messages. */
export function redactedTasks(tasks: Tasks, secrets: Redact): Tasks {
  const redacted = (text: string): string => truncate(secrets.redact(text));
  const redactNote = ({ reason, message }: StatusNote): StatusNote => ({
    reason: redacted(reason),
    message: redacted(message),
  });
  return {
    ...tasks,
    setStatusMessage: (id, text) => tasks.setStatusMessage(id, redacted(text)),
    fail: (id, note, options) => tasks.fail(id, redactNote(note), options),
    stop: (id, note, options) => tasks.stop(id, redactNote(note), options),
    complete: (id, note) => tasks.complete(id, redactNote(note)),
    unstart: (id, from, note) => tasks.unstart(id, from, redactNote(note)),
    dequeue: (id, note) => tasks.dequeue(id, redactNote(note)),
  };
}

/** Called after the redaction, which would not recognize half a secret. */
function truncate(text: string): string {
  return text.length <= MAX_STATUS_LENGTH ? text : `${text.slice(0, MAX_STATUS_LENGTH)}… (cut)`;
}
