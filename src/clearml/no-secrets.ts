// What people read in a task, its console and its status, passes through the same redaction as the log, and has a most length.
// A name or a value in it may be as long as a task can be.
import type { Secrets } from '../log/secrets.ts';
import type { Events, StatusNote, Tasks } from './client.ts';

type Redact = Pick<Secrets, 'redact'>;

/** More than the end of a job's log has. */
const TEXT_CHARACTERS = 32_000;
const STATUS_CHARACTERS = 4_000;
const TEXTS_AT_ONCE = 2_000;

/** The same events, whose lines hold no secret. */
export function showingNoSecrets(events: Events, secrets: Redact): Events {
  return {
    read: (task, which) => events.read(task, which),
    log(task, worker, lines) {
      const shown = lines
        .slice(0, TEXTS_AT_ONCE)
        .map(({ level, text }) => ({ level, text: cut(secrets.redact(text), TEXT_CHARACTERS) }));
      return events.log(task, worker, shown);
    },
  };
}

/** The same tasks, whose status messages hold no secret. */
export function tellingNoSecrets(tasks: Tasks, secrets: Redact): Tasks {
  const shownText = (text: string): string => cut(secrets.redact(text), STATUS_CHARACTERS);
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
function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}… (cut)`;
}
