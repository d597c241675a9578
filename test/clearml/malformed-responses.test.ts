// For any JSON response: each call parses or refuses it, no code of ours breaks, and every id is 32 hex digits.
import { expect } from 'chai';
import fc from 'fast-check';
import type * as z from 'zod';
import { systemClock } from '../../src/base/clock.ts';
import { InvalidResponseError } from '../../src/clearml/errors.ts';
import { createEvents } from '../../src/clearml/console-events.ts';
import { createPeople } from '../../src/clearml/read-users-and-projects.ts';
import { createQueues } from '../../src/clearml/queues.ts';
import type { Session } from '../../src/clearml/connection/session.ts';
import { createTasks } from '../../src/clearml/change-tasks.ts';
import { createWorkers } from '../../src/clearml/workers.ts';
import { anyMutation, mutate } from '../daemon/malformed-values.ts';
import { silentLog } from '../support/silent-log.ts';
import { fuzzCases } from '../support/fuzz-cases.ts';
import { queueId, taskId } from './client-under-test.ts';

const TASK = taskId('a'.repeat(32));
const QUEUE = queueId('b'.repeat(32));
const NOTE = { reason: 'r', message: 'm' };
const AT = '2026-01-02T03:04:05+00:00';

/** What a good server says, of all endpoints together. */
const GOOD = {
  queues: [{ id: QUEUE, name: 'gpu', entries: [{ task: TASK, added: AT }] }],
  tasks: [{ id: TASK, status: 'queued', status_changed: AT, execution: { queue: QUEUE }, runtime: { _x: '1' } }],
  task: { id: TASK, status: 'queued', hyperparams: { properties: { slurm_job_id: { value: '7' } } }, container: {} },
  workers: [{ id: 'w', queues: [{ id: QUEUE }], system_tags: ['t'] }],
  events: [{ timestamp: 1, worker: 'w', msg: 'x' }],
  user: { id: 'u', name: 'Ada' },
  project: { id: 'p', name: 'p' },
  entry: { task: TASK, added: AT },
  id: TASK,
  removed: 1,
  added: 1,
  updated: 1,
};

function sessionReturning(answer: unknown): Session {
  return {
    apiServer: 'http://api',
    login: () => Promise.reject(new Error('nobody logs in here')),
    call<Shape extends z.ZodType>(_endpoint: string, _body: object, { shape }: { readonly shape: Shape }) {
      const read = shape.safeParse(answer);
      return read.success
        ? Promise.resolve(read.data)
        : Promise.reject(new InvalidResponseError(read.error.message, true));
    },
  };
}

/** Every call that reads an answer, and the ids that it hands on. */
function readings(session: Session): Readonly<Record<string, () => Promise<readonly string[]>>> {
  const silent = (): void => undefined;
  const queues = createQueues(session, silentLog, silent);
  const tasks = createTasks(session, silent);
  const events = createEvents(session, { clock: systemClock, log: silentLog, reportUnreadable: silent });
  const people = createPeople(session);
  const none = (): string[] => [];
  return {
    'queues.read': async () =>
      (await queues.read([QUEUE])).queues.flatMap(({ id, entries }) => [id, ...entries.map(({ task }) => task)]),
    'queues.find': async () => [(await queues.find('gpu'))?.id ?? QUEUE],
    'queues.names': () => queues.names().then(none),
    'queues.pop': () => queues.pop(QUEUE, TASK).then(none),
    'queues.take': () => queues.removeEntry(QUEUE, TASK).then(none),
    'queues.create': async () => [(await queues.create('gpu')).id],
    'tasks.get': async () => [(await tasks.get(TASK))?.task.id ?? TASK],
    'tasks.read': async () => {
      const { tasks: read, unread } = await tasks.read([TASK]);
      // One that was asked for is read, unread, or, where the answer is beyond doubt, not there.
      expect(read.has(TASK) && unread.has(TASK)).to.equal(false);
      return [...read.keys(), ...unread];
    },
    'tasks.find': async () => (await tasks.find({ statuses: ['queued'], queues: [QUEUE] })).map(({ id }) => id),
    'tasks.unstart': () => tasks.unstart(TASK, 'in_progress', NOTE).then(none),
    'tasks.fail': () => tasks.fail(TASK, NOTE, { force: true }).then(none),
    'tasks.clone': async () => [await tasks.clone(TASK)],
    'tasks.setImage': () => tasks.setImage(TASK, 'image').then(none),
    'workers.find': async () =>
      (await createWorkers(session, systemClock, silent).find(['t'], 1)).workers.flatMap((row) => row.queues),
    'events.read': () => events.read(TASK, { after: 0 }).then(none),
    'events.log': () => events.log(TASK, 'w', [{ level: 'INFO', text: 'x' }]).then(none),
    'people.user': () => people.user('u').then(none),
    'people.project': () => people.project('p').then(none),
  };
}

describe('a malformed response to the ClearML client (C-35)', () => {
  for (const name of Object.keys(readings(sessionReturning(GOOD)))) {
    it(`makes ${name}() return only valid ids or report an error`, async () => {
      const mutated = fc
        .array(anyMutation, { maxLength: 3 })
        .map((mutations) => mutations.reduce<unknown>(mutate, GOOD));
      await fc.assert(
        fc.asyncProperty(fc.oneof(mutated, fc.jsonValue()), async (answer) => {
          try {
            const ids = await readings(sessionReturning(answer))[name]?.();
            for (const id of ids ?? []) expect(id).to.match(/^[0-9a-f]{32}$/);
          } catch (error) {
            // A refusal of ours for what is not as it should be, e.g. a status that did not change.
            expect(error).to.have.property('name').that.is.oneOf(['InvalidResponseError', 'LostRaceError']);
          }
        }),
        { numRuns: fuzzCases(50) },
      );
    });
  }
});
