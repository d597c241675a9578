// The part of the contract about queues: one entry has one owner.
import { expect } from 'chai';
import type { QueueId, TaskId } from '../../src/clearml/ids.ts';
import { queueId } from './client-under-test.ts';
import type { ContractTestBed } from './contract-test-bed.ts';

const ID_OF_NONE = queueId('f'.repeat(32));

export function defineQueueContract(testBed: () => ContractTestBed): void {
  async function entriesOf(queue: QueueId): Promise<TaskId[]> {
    const [read] = (await testBed().client.queues.read([queue])).queues;
    return (read?.entries ?? []).map((entry) => entry.task);
  }

  async function executionQueueOf(task: TaskId): Promise<QueueId | undefined> {
    return (await testBed().client.tasks.get(task))?.task.executionQueue;
  }

  describe('the queue API', () => {
    it('finds a queue by complete name or id, but not by a part of the name', async () => {
      const { client, raw, uniqueName } = testBed();
      const name = `${uniqueName()} a.b+c (x) [1]^$|{2}#~&-_é\\`;
      const id = await raw.createQueue(name);

      expect(await client.queues.find(name)).to.deep.equal({ id, name });
      expect(await client.queues.find(id)).to.deep.equal({ id, name });
      expect(await client.queues.find(name.slice(0, -1))).to.equal(undefined);
      expect(await client.queues.find(name.replace('a.b', 'axb'))).to.equal(undefined);
      expect(await client.queues.find(ID_OF_NONE)).to.equal(undefined);
    });

    it('creates one queue if two calls request the same name at the same time', async () => {
      const { client, raw, uniqueName } = testBed();
      const name = uniqueName();

      const made = await Promise.all([client.queues.create(name), client.queues.create(name)]);
      const again = await client.queues.create(name);
      await raw.call('queues.delete', { queue: again.id, force: true });

      expect(made.map((queue) => queue.id)).to.deep.equal([again.id, again.id]);
    });

    it('finds a hidden queue by name, but omits it from the list of names (C-23)', async () => {
      const { client, raw, uniqueName } = testBed();
      const [shown, hidden] = [uniqueName(), uniqueName()];
      await raw.createQueue(shown);
      const id = await raw.createQueue(hidden, ['k8s-glue']);

      expect((await client.queues.find(hidden))?.id).to.equal(id);
      expect((await client.queues.read([id])).queues.map((queue) => queue.id)).to.deep.equal([id]);
      expect((await client.queues.readAll()).queues.map((queue) => queue.name)).to.include.members([shown, hidden]);
      expect(await client.queues.names())
        .to.include(shown)
        .and.not.include(hidden);
    });

    it('reads several queues and omits a missing queue', async () => {
      const { client, newQueue } = testBed();
      const queue = await newQueue();

      expect((await client.queues.read([ID_OF_NONE, queue])).queues.map((read) => read.id)).to.deep.equal([queue]);
    });

    it('returns the entries of a queue in order, each with its time', async () => {
      const { client, newQueue, newTaskIn } = testBed();
      const queue = await newQueue();
      const earliest = Date.now() - 3_600_000;
      const [first, second] = [await newTaskIn(queue), await newTaskIn(queue)];

      const [read] = (await client.queues.read([queue])).queues;

      expect(read?.entries.map((entry) => entry.task)).to.deep.equal([first, second]);
      for (const entry of read?.entries ?? []) expect(entry.added).to.be.within(earliest, Date.now() + 3_600_000);
    });
  });

  it('a list of queues contains at most two entries of each queue if the client requests two', async () => {
    const { client, newQueue, newTaskIn } = testBed();
    const [queue, empty] = [await newQueue(), await newQueue()];
    const [first, second] = [await newTaskIn(queue), await newTaskIn(queue), await newTaskIn(queue)];

    const heads = await client.queues.read([queue, empty], 2);
    const all = await client.queues.read([queue, empty], 4);

    const read = (id: QueueId, { queues }: typeof heads): (typeof queues)[number] | undefined =>
      queues.find((one) => one.id === id);
    expect(read(queue, heads)?.entries.map(({ task }) => task)).to.deep.equal([first, second]);
    expect(read(queue, heads)).to.include({ hasMore: true });
    expect(read(queue, all)?.entries).to.have.length(3);
    expect(read(queue, all)).not.to.have.property('hasMore');
    expect(read(empty, heads)).not.to.have.property('hasMore');
  });

  describe('the pop of a given task from a queue', () => {
    it('succeeds for exactly one of eight callers, and the task stays queued', async () => {
      const { client, newQueue, newTaskIn } = testBed();
      const queue = await newQueue();
      const [first, second] = [await newTaskIn(queue), await newTaskIn(queue)];

      const answers = await Promise.all(Array.from({ length: 8 }, () => client.queues.pop(queue, first)));

      expect(answers.filter(Boolean)).to.have.length(1);
      expect(await entriesOf(queue)).to.deep.equal([second]);
      expect((await client.tasks.get(first))?.task).to.include({ status: 'queued', executionQueue: queue });
    });

    it('returns false if another task is first in the queue', async () => {
      const { client, newQueue, newTaskIn } = testBed();
      const queue = await newQueue();
      const [first, second] = [await newTaskIn(queue), await newTaskIn(queue)];

      expect(await client.queues.pop(queue, second)).to.equal(false);
      expect(await entriesOf(queue)).to.deep.equal([first, second]);
    });

    it('returns false if the queue is empty', async () => {
      const { client, newQueue, newTaskIn } = testBed();
      const task = await newTaskIn(await newQueue());

      expect(await client.queues.pop(await newQueue(), task)).to.equal(false);
    });
  });

  describe('the parking of a task in the scheduler queue', () => {
    it('adds only one entry if repeated, and changes no field of the task (C-11)', async () => {
      const { client, newQueue, newTaskIn } = testBed();
      const [source, scheduler] = [await newQueue(), await newQueue()];
      const task = await newTaskIn(source);
      await client.queues.pop(source, task);
      const before = (await client.tasks.get(task))?.document;

      await client.queues.park(scheduler, task);
      await client.queues.park(scheduler, task);

      expect(await entriesOf(scheduler)).to.deep.equal([task]);
      expect((await client.tasks.get(task))?.document).to.deep.equal(before);
    });

    it('keeps the status "stopped" of an aborted task (C-19)', async () => {
      const { client, raw, newQueue, newTaskIn } = testBed();
      const [source, scheduler] = [await newQueue(), await newQueue()];
      const task = await newTaskIn(source);
      await client.queues.pop(source, task);
      await raw.call('tasks.stop', { task });

      await client.queues.park(scheduler, task);

      expect((await client.tasks.get(task))?.task.status).to.equal('stopped');
      expect(await client.queues.removeEntry(scheduler, task)).to.equal(true);
    });
  });

  describe('the removal of a queue entry', () => {
    it('succeeds for exactly one of eight callers, even if the entry is not first', async () => {
      const { client, newQueue, newTaskIn } = testBed();
      const queue = await newQueue();
      const [first, second, third] = [await newTaskIn(queue), await newTaskIn(queue), await newTaskIn(queue)];

      const answers = await Promise.all(Array.from({ length: 8 }, () => client.queues.removeEntry(queue, second)));

      expect(answers.filter(Boolean)).to.have.length(1);
      expect(await entriesOf(queue)).to.deep.equal([first, third]);
      expect((await client.tasks.get(second))?.task).to.include({ status: 'queued', executionQueue: queue });
    });

    it('returns false if the queue or the entry does not exist', async () => {
      const { client, newQueue, newTaskIn } = testBed();
      const task = await newTaskIn(await newQueue());

      expect(await client.queues.removeEntry(await newQueue(), task)).to.equal(false);
      expect(await client.queues.removeEntry(ID_OF_NONE, task)).to.equal(false);
    });
  });

  describe('the return of a task to its queue', () => {
    it('puts the task at the front of the queue and keeps the execution queue (C-20)', async () => {
      const { client, newQueue, newTaskIn } = testBed();
      const [source, other] = [await newQueue(), await newQueue()];
      const [task, waiting] = [await newTaskIn(other), await newTaskIn(source)];
      await client.queues.removeEntry(other, task);

      await client.queues.returnToQueue(source, task);

      expect(await entriesOf(source)).to.deep.equal([task, waiting]);
      expect(await executionQueueOf(task)).to.equal(other);
    });

    it('moves an existing entry to the front (C-22)', async () => {
      const { client, newQueue, newTaskIn } = testBed();
      const queue = await newQueue();
      const [first, second] = [await newTaskIn(queue), await newTaskIn(queue)];

      await client.queues.returnToQueue(queue, second);

      expect(await entriesOf(queue)).to.deep.equal([second, first]);
    });
  });
}
