// What people read in a task, its console and its status, passes through the same redaction as the log.
import type { Secrets } from '../log/secrets.ts';
import type { Events, StatusNote, Tasks } from './client.ts';

type Redact = Pick<Secrets, 'redact'>;

/** More than any message of ours has: a longer one repeats a name or a value that somebody made that long. */
const STATUS_CHARACTERS = 4_000;

/** The same events, whose lines hold no secret. */
export function redactedEvents(events: Events, secrets: Redact): Events {
  return {
    read: (task, which) => events.read(task, which),
    log(task, worker, lines) {
      const shown = lines.map(({ level, text }) => ({ level, text: secrets.redact(text) }));
      return events.log(task, worker, shown);
    },
  };
}

/** The same tasks, whose status messages hold no secret. */
export function redactedTasks(tasks: Tasks, secrets: Redact): Tasks {
  const shownText = (text: string): string => cut(secrets.redact(text));
  const shown = ({ reason, message }: StatusNote): StatusNote => ({
    reason: shownText(reason),
    message: shownText(message),
  });
  return {
    ...tasks,
    setStatusMessage: (id, text) => tasks.setStatusMessage(id, shownText(text)),
    fail: (id, note, options) => tasks.fail(id, shown(note), options),
    stop: (id, note, options) => tasks.stop(id, shown(note), options),
    complete: (id, note) => tasks.complete(id, shown(note)),
    unstart: (id, from, note) => tasks.unstart(id, from, shown(note)),
    dequeue: (id, note) => tasks.dequeue(id, shown(note)),
  };
}

/** After the redaction, which would not know the half of a secret. */
function cut(text: string): string {
  return text.length <= STATUS_CHARACTERS ? text : `${text.slice(0, STATUS_CHARACTERS)}… (cut)`;
}
