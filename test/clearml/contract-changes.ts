// The part of the contract about changes: which act sets which time, and how a poll finds what changed.
import { expect } from 'chai';
import * as z from 'zod';
import { ACTS, TIMES, type Status, type Subject } from './acts.ts';
import type { QueueId, TaskId } from '../../src/clearml/ids.ts';
import { taskId } from './client-under-test.ts';
import type { ContractTestBed } from './contract-test-bed.ts';

const Times = z.object({ tasks: z.tuple([z.partialRecord(z.enum(TIMES), z.string())]) });
const Heads = z.object({
  queues: z.tuple([z.object({ last_update: z.string(), entries: z.array(z.object({ task: z.string() })) })]),
});

const ID_OF_NONE = taskId('e'.repeat(32));

export function defineChangesContract(testBed: () => ContractTestBed): void {
  async function subjectIn(status: Status): Promise<Subject> {
    const { raw, newQueue } = testBed();
    const [queue, other, task] = [await newQueue(), await newQueue(), await raw.createTask()];
    if (status === 'created') return { task, queue, other };
    await raw.enqueue(task, queue);
    if (status === 'queued') return { task, queue, other };
    await raw.call('queues.remove_task', { queue, task });
    await raw.call('tasks.started', { task });
    await raw.call('workers.status_report', { worker: 'contract:worker', task, timestamp: Date.now() });
    if (status === 'stopped') await raw.call('tasks.stopped', { task });
    return { task, queue, other };
  }

  async function timesOf(task: TaskId): Promise<Partial<Record<(typeof TIMES)[number], string>>> {
    const read = await testBed().raw.call('tasks.get_all', { id: [task], only_fields: TIMES, search_hidden: true });
    return Times.parse(read).tasks[0];
  }

  async function headOf(queue: QueueId): Promise<{ readonly at: string; readonly tasks: readonly string[] }> {
    const only_fields = ['id', 'name', 'last_update', 'entries'];
    const read = await testBed().raw.call('queues.get_all', { id: [queue], only_fields, max_task_entries: 1 });
    const [{ last_update: at, entries }] = Heads.parse(read).queues;
    return { at, tasks: entries.map(({ task }) => task) };
  }

  let witness: TaskId | undefined;

  /** Returns when the server's clock shows a later millisecond than now. */
  async function nextMillisecond(): Promise<void> {
    witness ??= await testBed().raw.createTask();
    const ping = async (task: TaskId): Promise<string | undefined> => {
      await testBed().raw.call('tasks.ping', { task });
      return (await timesOf(task)).last_update;
    };
    const before = await ping(witness);
    while ((await ping(witness)) === before);
  }

  async function statusChangedOf(task: TaskId): Promise<number> {
    return (await testBed().client.tasks.get(task))?.task.statusChanged ?? NaN;
  }

  describe('the endpoint', () => {
    for (const { title, from, act, sets } of ACTS) {
      it(`${title} sets ${sets.length === 0 ? 'no timestamp of the task' : `only these timestamps of the task: ${sets.join(', ')}`}`, async () => {
        const subject = await subjectIn(from);
        const before = await timesOf(subject.task);
        await nextMillisecond();

        await act(testBed(), subject);

        const after = await timesOf(subject.task);
        expect(TIMES.filter((time) => after[time] !== before[time])).to.have.members(sets);
      });
    }
  });

  describe('a query for changed tasks', () => {
    it('returns the tasks whose status changed in the requested millisecond or later', async () => {
      const { client } = testBed();
      const [{ task: early }, { task: late }] = [await subjectIn('queued'), await subjectIn('queued')];
      await nextMillisecond();
      await client.tasks.stop(late, { reason: '', message: '' }, { force: false });
      const at = await statusChangedOf(late);
      const changedSince = async (since: number): Promise<TaskId[]> => [
        ...(await client.tasks.readChanged([early, late, ID_OF_NONE], since)).tasks.keys(),
      ];

      expect(await changedSince(at)).to.deep.equal([late]);
      expect(await changedSince(at + 1)).to.deep.equal([]);
      expect(await changedSince(await statusChangedOf(early))).to.have.members([early, late]);
    });

    it('returns the same fields of a task as an ordinary task query', async () => {
      const { client } = testBed();
      const { task } = await subjectIn('in_progress');

      const { tasks, unread, isWhole } = await client.tasks.readChanged([task], 0);

      expect([...tasks]).to.deep.equal([...(await client.tasks.read([task])).tasks]);
      expect([unread.size, isWhole]).to.deep.equal([0, true]);
    });

    it('returns a running task after a user has aborted it', async () => {
      const { client, raw } = testBed();
      const { task } = await subjectIn('in_progress');
      const since = (await statusChangedOf(task)) + 1;
      await nextMillisecond();

      await raw.call('tasks.stop', { task });

      const changed = (await client.tasks.readChanged([task], since)).tasks.get(task);
      expect(changed).to.include({ status: 'in_progress', statusMessage: 'stopping' });
    });

    it('omits a running task that has only new console lines or status reports', async () => {
      const { client, raw } = testBed();
      const { task } = await subjectIn('in_progress');
      const since = (await statusChangedOf(task)) + 1;
      await nextMillisecond();

      await client.events.log(task, 'w', [{ level: 'INFO', text: 'a' }]);
      await raw.call('workers.status_report', { worker: 'contract:worker', task, timestamp: Date.now() });

      expect([...(await client.tasks.readChanged([task], since)).tasks.keys()]).to.deep.equal([]);
    });

    it('returns no task for an empty list of task ids', async () => {
      expect([...(await testBed().client.tasks.readChanged([], 0)).tasks]).to.deep.equal([]);
      expect(await testBed().client.tasks.count([], 'created')).to.equal(0);
    });
  });

  describe('a count of tasks', () => {
    it('includes archived and hidden tasks, but no deleted tasks', async () => {
      const { client, raw } = testBed();
      const tasks = [await raw.createTask(), await raw.createTask(), await raw.createTask(), await raw.createTask()];
      const [started, archived, hidden, deleted] = tasks;
      await raw.call('tasks.archive', { tasks: [archived] });
      await raw.call('tasks.edit', { task: hidden, system_tags: ['hidden'] });

      expect(await client.tasks.count([...tasks, ID_OF_NONE], 'created')).to.equal(4);

      await raw.call('tasks.started', { task: started });
      expect(await client.tasks.count(tasks, 'created')).to.equal(3);
      expect(await client.tasks.count(tasks, 'in_progress')).to.equal(1);
      await raw.call('tasks.delete', { task: deleted, force: true });
      expect(await client.tasks.count(tasks, 'created')).to.equal(2);
      await raw.call('tasks.delete', { task: started, force: true, move_to_trash: true });
      expect(await client.tasks.count(tasks, 'in_progress')).to.equal(0);
    });
  });

  describe('a search for tasks of a queue', () => {
    it('excludes the tasks that the caller names', async () => {
      const { client, newQueue, newTaskIn } = testBed();
      const queue = await newQueue();
      const [known, unknown] = [await newTaskIn(queue), await newTaskIn(queue)];

      const found = await client.tasks.find({ statuses: ['queued'], queues: [queue], except: [known, ID_OF_NONE] });

      expect(found.map(({ id }) => id)).to.deep.equal([unknown]);
    });

    it('excludes a task even if the list of excluded tasks has 10,001 ids', async () => {
      const { client, newQueue, newTaskIn } = testBed();
      const queue = await newQueue();
      const tasks = [await newTaskIn(queue), await newTaskIn(queue), await newTaskIn(queue)];
      const [known = expect.fail('no task'), ...unknown] = tasks;
      // Only as many ids of one first digit are excluded as fit into a request: the others have another digit than the known task.
      const digit = known.startsWith('f') ? 'e' : 'f';
      const others = Array.from({ length: 10_000 }, (_, n) => n.toString(16).padStart(32, digit) as TaskId);

      const found = await client.tasks.find({ statuses: ['queued'], queues: [queue], except: [...others, known] });

      expect(found.map(({ id }) => id)).to.have.members(unknown);
    });
  });

  describe('the update time of a queue', () => {
    const moves: readonly {
      readonly title: string;
      readonly act: (testBed: ContractTestBed, queue: QueueId, task: TaskId) => Promise<unknown>;
    }[] = [
      { title: 'adds a task', act: async ({ raw }, queue) => raw.enqueue(await raw.createTask(), queue) },
      { title: 'removes a task', act: ({ raw }, queue, task) => raw.call('queues.remove_task', { queue, task }) },
      { title: 'pops a task', act: ({ client }, queue, task) => client.queues.pop(queue, task) },
      { title: 'dequeues a task', act: ({ raw }, _, task) => raw.call('tasks.dequeue', { task }) },
      { title: 'deletes a task', act: ({ raw }, _, task) => raw.call('tasks.delete', { task, force: true }) },
      {
        title: 'removes a task from all queues',
        act: ({ raw }, _, task) => raw.call('tasks.dequeue', { task, remove_from_all_queues: true }),
      },
    ];
    for (const { title, act } of moves) {
      it(`changes when a client ${title}`, async () => {
        const { newQueue, newTaskIn } = testBed();
        const queue = await newQueue();
        const [task] = [await newTaskIn(queue), await newTaskIn(queue)];
        const before = await headOf(queue);
        expect(before.tasks).to.deep.equal([task]);
        await nextMillisecond();

        await act(testBed(), queue, task);

        expect((await headOf(queue)).at).to.not.equal(before.at);
      });
    }

    it('stays the same when a client clears the queue or moves an entry', async () => {
      const { raw, newQueue, newTaskIn } = testBed();
      const queue = await newQueue();
      const [first, second] = [await newTaskIn(queue), await newTaskIn(queue)];
      const { at } = await headOf(queue);
      await nextMillisecond();

      await raw.call('queues.move_task_to_front', { queue, task: second });
      expect(await headOf(queue)).to.deep.equal({ at, tasks: [second] });
      await raw.call('queues.move_task_to_back', { queue, task: second });
      expect(await headOf(queue)).to.deep.equal({ at, tasks: [first] });
      await raw.call('queues.clear_queue', { queue });
      expect(await headOf(queue)).to.deep.equal({ at, tasks: [] });
    });

    it('lets the client reuse the known entries of an unchanged queue', async () => {
      const { client, raw, newQueue, newTaskIn } = testBed();
      const [still, changed] = [await newQueue(), await newQueue()];
      const [task, first] = [await newTaskIn(still), await newTaskIn(changed)];
      const ofBoth = async (known: Parameters<typeof client.queues.readAll>[0]) => {
        const { queues } = await client.queues.readAll(known);
        return [still, changed].flatMap((id) => queues.find((queue) => queue.id === id) ?? []);
      };
      const twice = await ofBoth(await ofBoth([]));
      expect(twice.map(({ isSettled }) => isSettled)).to.deep.equal([true, true]);
      const second = await raw.createTask();
      await nextMillisecond();
      await raw.enqueue(second, changed);

      const [same, other] = await ofBoth(twice);

      expect(same).to.equal(twice[0]);
      expect(same?.entries.map((entry) => entry.task)).to.deep.equal([task]);
      expect(other?.entries.map((entry) => entry.task)).to.deep.equal([first, second]);
      expect(other?.isSettled).to.equal(undefined);
    });
  });

  describe('the time of a heartbeat or a status change', () => {
    it('comes from the clock of the server', async () => {
      const { client, uniqueName, newQueue } = testBed();
      const worker = { id: uniqueName(), queues: [await newQueue()], tags: [`tag of ${uniqueName()}`] };
      const { task: before } = await subjectIn('queued');
      await nextMillisecond();
      await client.workers.register(worker, 60_000);
      await client.workers.report(worker);
      await nextMillisecond();
      const { task: after } = await subjectIn('queued');

      const { workers } = await client.workers.find([worker.tags[0] ?? ''], 60_000);

      expect(workers).to.have.length(1);
      expect(workers[0]?.heardAt).to.be.within(await statusChangedOf(before), await statusChangedOf(after));
      await client.workers.unregister(worker.id);
    });
  });
}
