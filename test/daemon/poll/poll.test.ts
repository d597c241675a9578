// Tests where the queue entry of a task is found.
import { expect } from 'chai';
import type { Queue } from '../../../src/clearml/client.ts';
import type { QueueId, TaskId } from '../../../src/clearml/ids.ts';
import type { Task } from '../../../src/clearml/task.ts';
import type { Place } from '../../../src/daemon/decide/observation.ts';
import { readParkedIn, readPlaces } from '../../../src/daemon/poll/poll.ts';

const task = 't' as TaskId;
const queueOf = (id: string, ...tasks: readonly string[]): Queue => ({
  id: id as QueueId,
  name: id,
  entries: tasks.map((one) => ({ task: one as TaskId, added: 0 })),
  isWhole: true,
});

describe('the place of a task in the queues', () => {
  const rows: readonly { readonly title: string; readonly queues: readonly Queue[]; readonly place: Place }[] = [
    { title: 'no queue contains the task', queues: [queueOf('own', 'x'), queueOf('sched', 'y')], place: 'nowhere' },
    {
      title: 'the scheduler queue contains the task',
      queues: [queueOf('own'), queueOf('sched', 'x', 't')],
      place: 'parked',
    },
    {
      title: "the task's own queue contains the task",
      queues: [queueOf('own', 't'), queueOf('sched')],
      place: 'own queue',
    },
    {
      title: 'another queue contains the task',
      queues: [queueOf('own'), queueOf('else', 't')],
      place: 'another queue',
    },
    {
      title: 'a user enqueued the parked task in its own queue again',
      queues: [queueOf('sched', 't'), queueOf('own', 't')],
      place: 'own queue',
    },
    {
      title: 'a user enqueued the parked task in another queue',
      queues: [queueOf('sched', 't'), queueOf('else', 't')],
      place: 'another queue',
    },
  ];

  for (const { title, queues, place } of rows) {
    it(`is "${place}" if ${title}`, () => {
      expect(readPlaces({ queues, isWhole: true }, 'sched' as QueueId)(task, 'own' as QueueId)).to.equal(place);
    });

    const unless = place === 'nowhere' ? 'unknown' : place;
    it(`is "${unless}" if some queue entries are unreadable and ${title}`, () => {
      expect(readPlaces({ queues, isWhole: false }, 'sched' as QueueId)(task, 'own' as QueueId)).to.equal(unless);
    });
  }
});

describe('the scheduler queue of a parked task', () => {
  const ours = { id: task, executionQueue: 'own' as QueueId } as Task;

  for (const [title, names, queue] of [
    ['is the only queue that contains the task, if this is not the execution queue', ['sched'], 'sched'],
    ['is the other queue if the execution queue and another queue contain the task', ['sched', 'own'], 'sched'],
    ['is unknown if only the execution queue contains the task', ['own'], undefined],
    ['is unknown if no queue contains the task', [], undefined],
    ['is unknown if two queues besides the execution queue contain the task', ['sched', 'sched2'], undefined],
  ] as const)
    it(title, () => {
      const queues = ['own', 'sched', 'sched2'].map((id) =>
        queueOf(id, ...names.filter((name) => name === id).map(() => 't')),
      );

      expect(readParkedIn({ queues, isWhole: true })(ours)).to.equal(queue);
    });
});
