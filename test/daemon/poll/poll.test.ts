// Tests where the queue entry of a task is found.
import { expect } from 'chai';
import type { Queue } from '../../../src/clearml/client.ts';
import type { QueueId, TaskId } from '../../../src/clearml/ids.ts';
import type { Place } from '../../../src/daemon/decide/observation.ts';
import { readPlaces } from '../../../src/daemon/poll/poll.ts';

const task = 't' as TaskId;
const queueOf = (id: string, ...tasks: readonly string[]): Queue => ({
  id: id as QueueId,
  name: id,
  entries: tasks.map((one) => ({ task: one as TaskId, added: 0 })),
  isWhole: true,
});

describe('the place of a task', () => {
  const rows: readonly { readonly title: string; readonly queues: readonly Queue[]; readonly place: Place }[] = [
    { title: 'no queue has it', queues: [queueOf('own', 'x'), queueOf('sched', 'y')], place: 'nowhere' },
    { title: 'the scheduler queue has it', queues: [queueOf('own'), queueOf('sched', 'x', 't')], place: 'parked' },
    { title: 'its own queue has it', queues: [queueOf('own', 't'), queueOf('sched')], place: 'own queue' },
    { title: 'another queue has it', queues: [queueOf('own'), queueOf('else', 't')], place: 'another queue' },
    {
      title: 'a user enqueued it in its queue while it is parked',
      queues: [queueOf('sched', 't'), queueOf('own', 't')],
      place: 'own queue',
    },
    {
      title: 'a user enqueued it in another queue while it is parked',
      queues: [queueOf('sched', 't'), queueOf('else', 't')],
      place: 'another queue',
    },
  ];

  for (const { title, queues, place } of rows) {
    it(`${title}: ${place}`, () => {
      expect(readPlaces({ queues, isWhole: true }, 'sched' as QueueId)(task, 'own' as QueueId)).to.equal(place);
    });

    const unless = place === 'nowhere' ? 'unknown' : place;
    it(`${title}, and not every entry could be read: ${unless}`, () => {
      expect(readPlaces({ queues, isWhole: false }, 'sched' as QueueId)(task, 'own' as QueueId)).to.equal(unless);
    });
  }
});
