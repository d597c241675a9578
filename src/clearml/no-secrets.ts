// What people read in a task, its console and its status, passes through the same redaction as the log.
import type { Secrets } from '../log/secrets.ts';
import type { Events, StatusNote, Tasks } from './client.ts';

type Redact = Pick<Secrets, 'redact'>;

/** The same events, whose lines hold no secret. */
export function showingNoSecrets(events: Events, secrets: Redact): Events {
  return {
    read: (task, which) => events.read(task, which),
    log(task, worker, lines) {
      const shown = lines.map(({ level, text }) => ({ level, text: secrets.redact(text) }));
      return events.log(task, worker, shown);
    },
  };
}

/** The same tasks, whose status messages hold no secret. */
export function tellingNoSecrets(tasks: Tasks, secrets: Redact): Tasks {
  const shown = ({ reason, message }: StatusNote): StatusNote => ({
    reason: secrets.redact(reason),
    message: secrets.redact(message),
  });
  return {
    ...tasks,
    setStatusMessage: (id, text) => tasks.setStatusMessage(id, secrets.redact(text)),
    fail: (id, note, options) => tasks.fail(id, shown(note), options),
    stop: (id, note, options) => tasks.stop(id, shown(note), options),
    complete: (id, note) => tasks.complete(id, shown(note)),
    unstart: (id, from, note) => tasks.unstart(id, from, shown(note)),
    dequeue: (id, note) => tasks.dequeue(id, shown(note)),
  };
}
