// Resetting, deleting and archiving tasks in the sandbox.
import { expect } from 'chai';
import { openSandbox, type OpenSandbox } from '../open-sandbox.ts';

const PROPERTIES = { num_nodes: { section: 'properties', name: 'num_nodes', value: '2' } };

async function makeRun(sandbox: OpenSandbox): Promise<{ readonly task: string; readonly queue: string }> {
  const queue = await sandbox.makeQueue('cpu');
  const task = await sandbox.makeTask({
    hyperparams: { properties: PROPERTIES },
    container: { image: 'an image' },
    runtime: { a: 1 },
  });
  await sandbox.ok('tasks.enqueue', { task, queue });
  await sandbox.ok('queues.get_next_task', { queue });
  await sandbox.ok('tasks.started', { task });
  await sandbox.ok('workers.status_report', { worker: 'w:1', task, timestamp: 1 });
  await sandbox.ok('events.add', { type: 'log', task, msg: 'a line' });
  return { task, queue };
}

describe('tasks.reset of the sandbox server', () => {
  it("turns a failed task into a draft with the user's settings but no results", async () => {
    await using sandbox = await openSandbox();
    const { task } = await makeRun(sandbox);
    await sandbox.ok('tasks.failed', { task });
    await sandbox.ok('tasks.reset', { task });
    const draft = await sandbox.task(task);
    expect(draft).to.deep.include({
      status: 'created',
      status_reason: 'reset',
      status_message: 'reset',
      runtime: {},
      hyperparams: { properties: PROPERTIES },
      container: { image: 'an image' },
    });
    expect(draft).not.to.have.any.keys('started', 'completed', 'last_worker', 'active_duration');
    expect(draft.execution).not.to.have.property('queue');
    expect(await sandbox.ok('events.get_task_log', { task })).to.include({ total: 0 });
  });

  it('removes a queued task from every queue', async () => {
    await using sandbox = await openSandbox();
    const queue = await sandbox.makeQueue('cpu');
    const parking = await sandbox.makeQueue('parking');
    const task = await sandbox.makeQueued(queue);
    await sandbox.ok('queues.add_task', { queue: parking, task, update_execution_queue: false });
    expect(await sandbox.ok('tasks.reset', { task })).to.deep.include({ dequeued: { removed: 1 } });
    expect(await sandbox.entriesOf(queue)).to.deep.equal([]);
    expect(await sandbox.entriesOf(parking)).to.deep.equal([]);
    const hidden = { id: [task], only_fields: ['enqueue_status'] };
    expect(await sandbox.ok('tasks.get_all', hidden)).to.deep.equal({ tasks: [{}] });
  });
});

describe('tasks.archive of the sandbox server', () => {
  it("removes a queued task from every queue and restores the task's earlier status", async () => {
    await using sandbox = await openSandbox();
    const queue = await sandbox.makeQueue('cpu');
    const task = await sandbox.makeQueued(queue);
    expect(await sandbox.ok('tasks.archive', { tasks: [task] })).to.deep.equal({ archived: 1 });
    expect(await sandbox.task(task)).to.deep.include({ status: 'created', system_tags: ['archived'] });
    expect(await sandbox.entriesOf(queue)).to.deep.equal([]);
  });

  it('stops a running task', async () => {
    await using sandbox = await openSandbox();
    const { task } = await makeRun(sandbox);
    await sandbox.ok('tasks.archive_many', { ids: [task] });
    expect(await sandbox.statusOf(task)).to.equal('stopped');
  });

  it('can be undone with tasks.unarchive_many', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.makeTask();
    await sandbox.ok('tasks.archive', { tasks: [task] });
    await sandbox.ok('tasks.unarchive_many', { ids: [task] });
    expect(await sandbox.task(task)).to.deep.include({ system_tags: [] });
  });

  it('keeps a task in the results of tasks.get_all', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.makeTask();
    await sandbox.ok('tasks.archive', { tasks: [task] });
    expect(await sandbox.ok('tasks.get_all', { only_fields: ['id'] })).to.deep.equal({ tasks: [{ id: task }] });
  });
});

describe('tasks.delete of the sandbox server', () => {
  it('deletes a task and marks the parent id in a child task with __DELETED__', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.makeTask();
    const child = await sandbox.makeTask({ parent: task });
    expect(await sandbox.ok('tasks.delete', { task })).to.include({ deleted: true, updated_children: 1 });
    expect(await sandbox.statusOf(task)).to.equal('400/101');
    expect(await sandbox.task(child)).to.include({ parent: `__DELETED__${task}` });
  });

  it('rejects a running task until the task is archived', async () => {
    await using sandbox = await openSandbox();
    const { task } = await makeRun(sandbox);
    expect((await sandbox.call('tasks.delete', { task })).result).to.equal('400/123');
    await sandbox.ok('tasks.archive', { tasks: [task] });
    await sandbox.ok('tasks.delete', { task });
    expect(await sandbox.statusOf(task)).to.equal('400/101');
  });

  it('removes a task from the results of tasks.get_all and from the queue', async () => {
    await using sandbox = await openSandbox();
    const queue = await sandbox.makeQueue('cpu');
    const gone = await sandbox.makeQueued(queue);
    const kept = await sandbox.makeQueued(queue);
    await sandbox.ok('tasks.delete', { task: gone, force: true });
    expect(await sandbox.ok('tasks.get_all', { id: [gone, kept], only_fields: ['id'] })).to.deep.equal({
      tasks: [{ id: kept }],
    });
    expect(await sandbox.entriesOf(queue)).to.deep.equal([kept]);
  });
});
