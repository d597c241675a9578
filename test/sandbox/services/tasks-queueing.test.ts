// Enqueuing and dequeuing tasks in the sandbox.
import { expect } from 'chai';
import { openSandbox } from '../open-sandbox.ts';

const ENQUEUE_STATUS = ['enqueue_status'];

describe('tasks.enqueue of the sandbox server', () => {
  it('adds a task at the end of the queue and sets execution.queue of the task', async () => {
    await using sandbox = await openSandbox();
    const queue = await sandbox.makeQueue('cpu');
    const first = await sandbox.makeQueued(queue);
    const second = await sandbox.makeTask({ system_tags: ['development'] });
    const answer = await sandbox.ok('tasks.enqueue', { task: second, queue });
    expect(answer).to.deep.include({ queued: 1, updated: 1 });
    expect(answer['fields']).to.include({ status: 'queued', 'execution.queue': queue });
    expect(await sandbox.entriesOf(queue)).to.deep.equal([first, second]);
    expect(await sandbox.task(second)).to.deep.include({
      status: 'queued',
      system_tags: [],
      execution: { queue, artifacts: [] },
    });
  });

  it('creates a missing queue that queue_name names', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.makeTask();
    await sandbox.ok('tasks.enqueue', { task, queue_name: 'brand new' });
    const { queue } = (await sandbox.task(task)).execution;
    expect(await sandbox.ok('queues.get_all', { name: 'brand new', only_fields: ['id'] })).to.deep.equal({
      queues: [{ id: queue }],
    });
  });

  it('uses the default queue if the call names no queue', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.makeTask();
    await sandbox.ok('tasks.enqueue', { task });
    const { id, name } = await sandbox.ok('queues.get_default');
    expect(name).to.equal('default');
    expect((await sandbox.task(task)).execution.queue).to.equal(id);
  });

  it('rejects a call that names the queue both by id and by name', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.makeTask();
    expect((await sandbox.call('tasks.enqueue', { task, queue: 'x', queue_name: 'y' })).result).to.equal('400/12');
  });

  it('moves a queued task to another queue', async () => {
    await using sandbox = await openSandbox();
    const cpu = await sandbox.makeQueue('cpu');
    const gpu = await sandbox.makeQueue('gpu');
    const task = await sandbox.makeQueued(cpu);
    await sandbox.ok('tasks.enqueue', { task, queue: gpu });
    expect(await sandbox.entriesOf(cpu)).to.deep.equal([]);
    expect(await sandbox.entriesOf(gpu)).to.deep.equal([task]);
    await sandbox.ok('tasks.dequeue', { task });
    expect(await sandbox.statusOf(task)).to.equal('created');
  });

  it('clears enqueue_status of a task that is already in the queue, and rejects the call', async () => {
    await using sandbox = await openSandbox();
    const queue = await sandbox.makeQueue('cpu');
    const task = await sandbox.makeQueued(queue);
    expect((await sandbox.call('tasks.enqueue', { task, queue })).result).to.equal('400/706');
    expect(await sandbox.task(task)).to.include({ status: 'queued', status_reason: 'failed enqueueing' });
    expect(await sandbox.ok('tasks.get_all', { id: [task], only_fields: ENQUEUE_STATUS })).to.deep.equal({
      tasks: [{}],
    });
    expect(await sandbox.entriesOf(queue)).to.deep.equal([task]);
  });

  it('rejects a missing queue and keeps the status of the task', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.makeTask();
    expect((await sandbox.call('tasks.enqueue', { task, queue: 'nowhere' })).result).to.equal('400/701');
    expect(await sandbox.task(task)).to.include({ status: 'created', status_reason: 'failed enqueueing' });
  });

  it('enqueues a stopped task, but a running task only with force', async () => {
    await using sandbox = await openSandbox();
    const queue = await sandbox.makeQueue('cpu');
    const task = await sandbox.makeQueued(queue);
    await sandbox.ok('tasks.stop', { task });
    await sandbox.ok('tasks.enqueue', { task, queue });
    await sandbox.ok('queues.get_next_task', { queue });
    await sandbox.ok('tasks.started', { task });
    expect((await sandbox.call('tasks.enqueue', { task, queue })).result).to.equal('400/110');
    await sandbox.ok('tasks.enqueue', { task, queue, force: true });
    expect(await sandbox.ok('tasks.get_all', { id: [task], only_fields: ENQUEUE_STATUS })).to.deep.equal({
      tasks: [{ enqueue_status: 'in_progress' }],
    });
  });

  it('keeps execution.queue of a queued task if update_execution_queue is false', async () => {
    await using sandbox = await openSandbox();
    const cpu = await sandbox.makeQueue('cpu');
    const parking = await sandbox.makeQueue('parking');
    const draft = await sandbox.makeTask();
    const park = { queue: parking, update_execution_queue: false };
    expect((await sandbox.call('tasks.enqueue', { task: draft, ...park })).result).to.equal('400/12');
    const task = await sandbox.makeQueued(cpu);
    await sandbox.ok('tasks.enqueue', { task, ...park });
    expect((await sandbox.task(task)).execution.queue).to.equal(cpu);
    expect(await sandbox.entriesOf(parking)).to.deep.equal([task]);
    expect(await sandbox.entriesOf(cpu)).to.deep.equal([]);
  });

  it('reports in queue_watched whether a worker serves the queue', async () => {
    await using sandbox = await openSandbox();
    const queue = await sandbox.makeQueue('cpu');
    const watched = async (): Promise<unknown> => {
      const body = { task: await sandbox.makeTask(), queue, verify_watched_queue: true };
      return (await sandbox.ok('tasks.enqueue', body))['queue_watched'];
    };
    expect(await watched()).to.equal(false);
    await sandbox.ok('workers.register', { worker: 'w:1', queues: [queue] });
    expect(await watched()).to.equal(true);
  });
});

describe('tasks.dequeue of the sandbox server', () => {
  it("removes a queued task from the queue and restores the task's earlier status", async () => {
    await using sandbox = await openSandbox();
    const queue = await sandbox.makeQueue('cpu');
    const task = await sandbox.makeQueued(queue);
    await sandbox.ok('tasks.stop', { task });
    await sandbox.ok('tasks.enqueue', { task, queue });
    expect(await sandbox.ok('tasks.dequeue', { task })).to.deep.include({ dequeued: 1, updated: 1 });
    expect(await sandbox.statusOf(task)).to.equal('stopped');
    expect(await sandbox.entriesOf(queue)).to.deep.equal([]);
    expect((await sandbox.task(task)).execution.queue).to.equal(queue);
  });

  it('changes the status to new_status for a queued or running task, but not for a stopped task', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.makeQueued(await sandbox.makeQueue('cpu'));
    const start = async (): Promise<unknown> =>
      (await sandbox.ok('tasks.dequeue', { task, new_status: 'in_progress' }))['updated'];
    expect(await start()).to.equal(1);
    expect(await start()).to.equal(1);
    await sandbox.ok('tasks.stopped', { task });
    expect(await start()).to.equal(0);
    expect(await sandbox.statusOf(task)).to.equal('stopped');
  });

  it('turns a running task into a draft if new_status is missing', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.makeTask();
    await sandbox.ok('tasks.started', { task });
    await sandbox.ok('tasks.dequeue', { task });
    expect(await sandbox.statusOf(task)).to.equal('created');
  });

  it('removes the queue entry of a parked task only with remove_from_all_queues', async () => {
    await using sandbox = await openSandbox();
    const queue = await sandbox.makeQueue('cpu');
    const parking = await sandbox.makeQueue('parking');
    const task = await sandbox.makeQueued(queue);
    await sandbox.ok('queues.get_next_task', { queue });
    await sandbox.ok('queues.add_task', { queue: parking, task, update_execution_queue: false });
    await sandbox.ok('tasks.dequeue', { task });
    expect(await sandbox.entriesOf(parking)).to.deep.equal([task]);
    await sandbox.ok('tasks.dequeue', { task, remove_from_all_queues: true });
    expect(await sandbox.entriesOf(parking)).to.deep.equal([]);
  });

  it('removes the queue entry of a deleted task', async () => {
    await using sandbox = await openSandbox();
    const queue = await sandbox.makeQueue('cpu');
    await sandbox.ok('queues.add_task', { queue, task: 'gone' });
    expect(await sandbox.ok('tasks.dequeue', { task: 'gone' })).to.deep.equal({ dequeued: 1, updated: 0 });
    expect(await sandbox.entriesOf(queue)).to.deep.equal([]);
  });

  it('rejects the unknown new_status "running"', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.makeTask();
    expect((await sandbox.call('tasks.dequeue', { task, new_status: 'running' })).result).to.equal('400/12');
  });
});

describe('in the sandbox, a task that queues.get_next_task has removed from its queue', () => {
  it('is in no queue, but keeps the status "queued" and the field execution.queue', async () => {
    await using sandbox = await openSandbox();
    const queue = await sandbox.makeQueue('cpu');
    const task = await sandbox.makeQueued(queue);
    const before = await sandbox.task(task);
    await sandbox.ok('queues.get_next_task', { queue });
    expect(await sandbox.task(task)).to.deep.equal(before);
    const orphans = { status: ['queued'], 'execution.queue': [queue], only_fields: ['id'] };
    expect(await sandbox.ok('tasks.get_all', orphans)).to.deep.equal({ tasks: [{ id: task }] });
    expect(await sandbox.ok('queues.get_all', { search_hidden: true, only_fields: ['entries.task'] })).to.deep.equal({
      queues: [{ entries: [] }, { entries: [] }],
    });
  });

  it('returns to the front of the queue after add_task and move_task_to_front', async () => {
    await using sandbox = await openSandbox();
    const queue = await sandbox.makeQueue('cpu');
    const orphan = await sandbox.makeQueued(queue);
    const other = await sandbox.makeQueued(queue);
    await sandbox.ok('queues.get_next_task', { queue });
    await sandbox.ok('queues.add_task', { queue, task: orphan });
    expect(await sandbox.entriesOf(queue)).to.deep.equal([other, orphan]);
    await sandbox.ok('queues.move_task_to_front', { queue, task: orphan });
    expect(await sandbox.entriesOf(queue)).to.deep.equal([orphan, other]);
  });
});
