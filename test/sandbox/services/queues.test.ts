// The sandbox's queues: who gets a task, and how each way in and out changes the task.
import { expect } from 'chai';
import * as z from 'zod';
import { openSandbox, type OpenSandbox } from '../open-sandbox.ts';

async function makeFilled(sandbox: OpenSandbox, count: number): Promise<{ queue: string; tasks: string[] }> {
  const queue = await sandbox.makeQueue('cpu');
  const tasks: string[] = [];
  for (let at = 0; at < count; at += 1) tasks.push(await sandbox.makeQueued(queue));
  return { queue, tasks };
}

describe('a queue of the sandbox server', () => {
  it('is found by queues.get_by_id only with the id, not with the name', async () => {
    await using sandbox = await openSandbox();
    expect((await sandbox.call('queues.get_by_id', { queue: 'default' })).result).to.equal('400/701');
  });

  it('needs a unique name of at least three characters', async () => {
    await using sandbox = await openSandbox();
    expect((await sandbox.call('queues.create', { name: 'ab' })).result).to.equal('400/800');
    expect((await sandbox.call('queues.create', { name: 'default' })).result).to.equal('400/801');
  });

  it('is found only by name, by id or with search_hidden if its tag is "k8s-glue"', async () => {
    await using sandbox = await openSandbox();
    const { id } = await sandbox.ok('queues.create', { name: 'scheduler', system_tags: ['k8s-glue'] });
    const found = async (body: Record<string, unknown>): Promise<unknown> =>
      (await sandbox.ok('queues.get_all', { ...body, only_fields: ['name'] }))['queues'];
    expect(await found({})).to.deep.equal([{ name: 'default' }]);
    expect(await found({ search_hidden: true })).to.deep.equal([{ name: 'default' }, { name: 'scheduler' }]);
    expect(await found({ name: '^scheduler$' })).to.deep.equal([{ name: 'scheduler' }]);
    expect(await found({ id: [id] })).to.deep.equal([{ name: 'scheduler' }]);
  });

  it('is returned with at most max_task_entries entries', async () => {
    await using sandbox = await openSandbox();
    const { queue, tasks } = await makeFilled(sandbox, 3);
    const { queue: seen } = await sandbox.ok('queues.get_by_id', { queue, max_task_entries: 2 });
    expect(seen).to.have.property('entries').with.lengthOf(2);
    expect(await sandbox.ok('queues.get_num_entries', { queue })).to.deep.equal({ num: 3 });
    expect(await sandbox.ok('queues.peek_task', { queue })).to.deep.equal({ task: tasks[0] });
  });

  it('can be deleted only with force if the queue has entries', async () => {
    await using sandbox = await openSandbox();
    const { queue, tasks } = await makeFilled(sandbox, 1);
    const [task = ''] = tasks;
    expect((await sandbox.call('queues.delete', { queue })).result).to.equal('400/702');
    await sandbox.ok('queues.delete', { queue, force: true });
    const restored = await sandbox.task(task);
    expect(restored).to.include({ status: 'created', status_reason: `Queue ${queue} was deleted` });
    expect(restored.execution).not.to.have.property('queue');
  });

  it('is empty after queues.clear_queue', async () => {
    await using sandbox = await openSandbox();
    const { queue, tasks } = await makeFilled(sandbox, 2);
    expect(await sandbox.ok('queues.clear_queue', { queue })).to.deep.equal({ removed_tasks: tasks });
    expect(await sandbox.entriesOf(queue)).to.deep.equal([]);
    expect(await sandbox.statusOf(tasks[0] ?? '')).to.equal('created');
  });

  it('is listed by queues.get_all_ex with workers and task names', async () => {
    await using sandbox = await openSandbox();
    const { queue, tasks } = await makeFilled(sandbox, 1);
    await sandbox.ok('workers.register', { worker: 'w:1', queues: [queue] });
    const { queues } = await sandbox.ok('queues.get_all_ex', { id: [queue] });
    expect(queues).to.have.nested.property('[0].entries[0].task').that.deep.equals({ id: tasks[0], name: 'a task' });
    expect(queues).to.have.nested.property('[0].workers[0].name', 'w:1');
  });
});

describe('queues.get_next_task of the sandbox server', () => {
  it('pops the first entry, and returns nothing from an empty queue', async () => {
    await using sandbox = await openSandbox();
    const { queue, tasks } = await makeFilled(sandbox, 1);
    expect(await sandbox.ok('queues.get_next_task', { queue })).to.have.nested.property('entry.task', tasks[0]);
    expect(await sandbox.ok('queues.get_next_task', { queue })).to.deep.equal({});
  });

  it('returns nothing if the call names a task that is not at the front of the queue', async () => {
    await using sandbox = await openSandbox();
    const { queue, tasks } = await makeFilled(sandbox, 2);
    const [first, second] = tasks;
    expect(await sandbox.ok('queues.get_next_task', { queue, task: second })).to.deep.equal({});
    expect(await sandbox.entriesOf(queue)).to.deep.equal(tasks);
    expect(await sandbox.ok('queues.get_next_task', { queue, task: first })).to.have.property('entry');
    expect(await sandbox.ok('queues.get_next_task', { queue, task: first })).to.deep.equal({});
    expect(await sandbox.entriesOf(queue)).to.deep.equal([second]);
  });

  it('sets the status "queued" of a stopped task and keeps all other fields', async () => {
    await using sandbox = await openSandbox();
    const { queue, tasks } = await makeFilled(sandbox, 1);
    const [task = ''] = tasks;
    await sandbox.ok('queues.remove_task', { queue, task });
    await sandbox.ok('tasks.stop', { task });
    await sandbox.ok('queues.add_task', { queue, task });
    const before = await sandbox.task(task);
    await sandbox.ok('queues.get_next_task', { queue });
    expect(await sandbox.task(task)).to.deep.equal({ ...before, status: 'queued' });
  });

  it('sets the status "queued" even if a user aborts the task during the call', async () => {
    await using sandbox = await openSandbox();
    const { queue, tasks } = await makeFilled(sandbox, 1);
    const [task = ''] = tasks;
    const { answer } = await sandbox.held('queues.get_next_task', { queue });
    expect(await sandbox.ok('tasks.stop', { task })).to.have.nested.property('fields.status', 'stopped');
    const stopped = await sandbox.task(task);
    await sandbox.ok('sandbox.release');

    expect((await answer).data).to.have.nested.property('entry.task', task);
    expect(await sandbox.task(task)).to.deep.equal({ ...stopped, status: 'queued' });
  });

  it('returns the entry of a deleted task', async () => {
    await using sandbox = await openSandbox();
    const queue = await sandbox.makeQueue('cpu');
    await sandbox.ok('queues.add_task', { queue, task: 'gone' });
    expect(await sandbox.ok('queues.get_next_task', { queue })).to.have.nested.property('entry.task', 'gone');
  });

  it('returns error 400/701 for a missing queue', async () => {
    await using sandbox = await openSandbox();
    expect((await sandbox.call('queues.get_next_task', { queue: 'nowhere' })).result).to.equal('400/701');
    expect((await sandbox.call('queues.get_next_task', { queue: 'nowhere', task: 'x' })).result).to.equal('400/701');
  });

  it('returns a task to exactly one of 10 simultaneous callers', async () => {
    await using sandbox = await openSandbox();
    const { queue, tasks } = await makeFilled(sandbox, 1);
    const asked = Array.from({ length: 10 }, () => sandbox.ok('queues.get_next_task', { queue, task: tasks[0] }));
    const winners = (await Promise.all(asked)).filter((answer) => 'entry' in answer);
    expect(winners).to.have.lengthOf(1);
  });
});

describe('queues.add_task of the sandbox server', () => {
  it('keeps the status of a task, and accepts an unknown task id', async () => {
    await using sandbox = await openSandbox();
    const queue = await sandbox.makeQueue('cpu');
    const task = await sandbox.makeTask();
    await sandbox.ok('queues.add_task', { queue, task });
    await sandbox.ok('queues.add_task', { queue, task: 'no such task' });
    expect(await sandbox.entriesOf(queue)).to.deep.equal([task, 'no such task']);
    expect(await sandbox.task(task)).to.deep.include({ status: 'created', execution: { queue, artifacts: [] } });
  });

  it('keeps execution.queue of a task if update_execution_queue is false', async () => {
    await using sandbox = await openSandbox();
    const { queue, tasks } = await makeFilled(sandbox, 1);
    const [task = ''] = tasks;
    const parking = await sandbox.makeQueue('parking');
    const before = await sandbox.task(task);
    await sandbox.ok('queues.add_task', { queue: parking, task, update_execution_queue: false });
    expect(await sandbox.task(task)).to.deep.equal(before);
    expect(before.execution.queue).to.equal(queue);
  });

  it('rejects a task that a simultaneous call has added to the queue', async () => {
    await using sandbox = await openSandbox();
    const queue = await sandbox.makeQueue('cpu');
    const task = await sandbox.makeTask();
    const { answer } = await sandbox.held('queues.add_task', { queue, task });
    await sandbox.ok('queues.add_task', { queue, task });
    await sandbox.ok('sandbox.release');
    expect((await answer).result).to.equal('400/703');
    expect((await sandbox.call('queues.add_task', { queue, task })).result).to.equal('400/706');
    expect((await sandbox.call('queues.add_task', { queue: 'nowhere', task })).result).to.equal('400/701');
    expect(await sandbox.entriesOf(queue)).to.deep.equal([task]);
  });
});

describe('queues.remove_task of the sandbox server', () => {
  it('removes an entry and rejects a second call for the same task', async () => {
    await using sandbox = await openSandbox();
    const { queue, tasks } = await makeFilled(sandbox, 1);
    const [task = ''] = tasks;
    expect(await sandbox.ok('queues.remove_task', { queue, task })).to.deep.equal({ removed: 1 });
    expect((await sandbox.call('queues.remove_task', { queue, task })).result).to.equal('400/703');
    expect((await sandbox.call('queues.remove_task', { queue: 'nowhere', task })).result).to.equal('400/703');
    expect(await sandbox.statusOf(task)).to.equal('queued');
  });

  it('reports 0 removed entries to the second of two simultaneous callers', async () => {
    await using sandbox = await openSandbox();
    const { queue, tasks } = await makeFilled(sandbox, 1);
    const [task = ''] = tasks;
    const { answer } = await sandbox.held('queues.remove_task', { queue, task });
    expect(await sandbox.ok('queues.remove_task', { queue, task })).to.deep.equal({ removed: 1 });
    await sandbox.ok('sandbox.release');
    expect(await answer).to.deep.include({ result: '200/0', data: { removed: 0 } });
  });

  it("restores the task's earlier status if update_task_status is set", async () => {
    await using sandbox = await openSandbox();
    const { queue, tasks } = await makeFilled(sandbox, 1);
    const [task = ''] = tasks;
    await sandbox.ok('queues.remove_task', { queue, task, update_task_status: true });
    const restored = await sandbox.task(task);
    expect(restored.status).to.equal('created');
    expect(restored.execution).not.to.have.property('queue');
  });

  it('keeps the status of a task whose execution queue is another queue', async () => {
    await using sandbox = await openSandbox();
    const { tasks } = await makeFilled(sandbox, 1);
    const [task = ''] = tasks;
    const parking = await sandbox.makeQueue('parking');
    await sandbox.ok('queues.add_task', { queue: parking, task, update_execution_queue: false });
    await sandbox.ok('queues.remove_task', { queue: parking, task, update_task_status: true });
    expect(await sandbox.statusOf(task)).to.equal('queued');
  });
});

describe('a move in a queue of the sandbox server', () => {
  const MOVES: readonly (readonly [string, Record<string, unknown>, number, string])[] = [
    ['move_task_to_front', {}, 0, 'cabd'],
    ['move_task_to_back', {}, 3, 'abdc'],
    ['move_task_forward', {}, 1, 'acbd'],
    ['move_task_backward', {}, 3, 'abdc'],
    ['move_task_forward', { count: 9 }, 0, 'cabd'],
    ['move_task_backward', { count: 9 }, 3, 'abdc'],
  ];
  for (const [move, more, position, order] of MOVES) {
    it(`changes the order abcd to ${order} if ${move} is called for task c with the options ${JSON.stringify(more)}`, async () => {
      await using sandbox = await openSandbox();
      const queue = await sandbox.makeQueue('cpu');
      for (const task of 'abcd') await sandbox.ok('queues.add_task', { queue, task });
      expect(await sandbox.ok(`queues.${move}`, { queue, task: 'c', ...more })).to.deep.equal({ position });
      expect((await sandbox.entriesOf(queue)).join('')).to.equal(order);
    });
  }

  it('fails for a task that is not in the queue', async () => {
    await using sandbox = await openSandbox();
    const queue = await sandbox.makeQueue('cpu');
    expect((await sandbox.call('queues.move_task_to_front', { queue, task: 'x' })).result).to.equal('400/703');
  });
});

describe('queue metadata of the sandbox server', () => {
  it('can be added, replaced and deleted by key', async () => {
    await using sandbox = await openSandbox();
    const queue = await sandbox.makeQueue('cpu');
    const item = (key: string): Record<string, string> => ({ key, type: 'string', value: `value of ${key}` });
    const keys = async (): Promise<string[]> => {
      const { queue: seen } = await sandbox.ok('queues.get_by_id', { queue });
      return Object.keys(z.object({ metadata: z.record(z.string(), z.unknown()) }).parse(seen).metadata);
    };
    await sandbox.ok('queues.add_or_update_metadata', { queue, metadata: [item('a'), item('b')] });
    await sandbox.ok('queues.add_or_update_metadata', { queue, metadata: [item('c')] });
    await sandbox.ok('queues.delete_metadata', { queue, keys: ['b'] });
    expect(await keys()).to.deep.equal(['a', 'c']);
    await sandbox.ok('queues.add_or_update_metadata', { queue, metadata: [item('d')], replace_metadata: true });
    expect(await keys()).to.deep.equal(['d']);
  });
});
