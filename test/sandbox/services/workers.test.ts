// Workers of the sandbox: registration, reports and expiry.
import { expect } from 'chai';
import * as z from 'zod';
import { createManualClock, openSandbox, type OpenSandbox } from '../open-sandbox.ts';

async function workers(sandbox: OpenSandbox, body: Record<string, unknown> = {}): Promise<Record<string, unknown>[]> {
  const { workers: found } = await sandbox.ok('workers.get_all', body);
  return z.array(z.record(z.string(), z.unknown())).parse(found);
}

async function ids(sandbox: OpenSandbox, body: Record<string, unknown> = {}): Promise<unknown[]> {
  return (await workers(sandbox, body)).map((worker) => worker['id']);
}

describe('a worker of the sandbox server', () => {
  it('is listed with each queue and the next task of the queue', async () => {
    await using sandbox = await openSandbox();
    const queue = await sandbox.makeQueue('cpu');
    const task = await sandbox.makeQueued(queue);
    await sandbox.ok('workers.register', { worker: 'glue', queues: [queue], timeout: 60, tags: ['a'] });
    const [worker] = await workers(sandbox);
    expect(worker).to.deep.include({ id: 'glue', ip: '127.0.0.1', register_timeout: 60, tags: ['a'] });
    expect(worker?.['queues']).to.deep.equal([
      { id: queue, name: 'cpu', num_tasks: 1, next_task: { id: task, name: 'a task' } },
    ]);
  });

  it('cannot register for a missing queue', async () => {
    await using sandbox = await openSandbox();
    const body = { worker: 'glue', queues: ['nowhere'] };
    expect((await sandbox.call('workers.register', body)).result).to.equal('400/701');
  });

  it('expires after a timeout of 60 s without a report', async () => {
    const clock = createManualClock();
    await using sandbox = await openSandbox({ clock });
    await sandbox.ok('workers.register', { worker: 'silent', timeout: 60 });
    await sandbox.ok('workers.register', { worker: 'alive', timeout: 60 });
    clock.advance(59_000);
    await sandbox.ok('workers.status_report', { worker: 'alive', timestamp: 1 });
    clock.advance(1000);
    expect(await ids(sandbox)).to.deep.equal(['alive']);
  });

  it('is registered by the first report', async () => {
    await using sandbox = await openSandbox();
    await sandbox.ok('workers.status_report', { worker: 'new', timestamp: 1 });
    expect(await ids(sandbox)).to.deep.equal(['new']);
  });

  it('becomes last_worker of a task that the worker reports, even of a draft', async () => {
    const clock = createManualClock(Date.UTC(2025, 0, 1));
    await using sandbox = await openSandbox({ clock });
    const task = await sandbox.makeTask();
    clock.advance(5000);
    await sandbox.ok('workers.status_report', { worker: 'w:1', task, timestamp: 1 });
    const at = '2025-01-01T00:00:05+00:00';
    expect(await sandbox.task(task)).to.include({
      status: 'created',
      last_worker: 'w:1',
      last_worker_report: at,
      last_update: at,
    });
    expect((await workers(sandbox))[0]?.['task']).to.include({ id: task, name: 'a task' });
  });

  it('is registered even if its report is rejected because of an unknown task', async () => {
    await using sandbox = await openSandbox();
    const body = { worker: 'w:1', task: 'gone', timestamp: 1 };
    expect((await sandbox.call('workers.status_report', body)).result).to.equal('400/101');
    expect(await ids(sandbox)).to.deep.equal(['w:1']);
  });

  it('keeps its queues, but not its task, after a report that names neither queues nor a task', async () => {
    await using sandbox = await openSandbox();
    const queue = await sandbox.makeQueue('cpu');
    const task = await sandbox.makeTask();
    await sandbox.ok('workers.register', { worker: 'w:1', queues: [queue] });
    await sandbox.ok('workers.status_report', { worker: 'w:1', task, queue, timestamp: 1 });
    expect((await workers(sandbox))[0]).to.have.nested.property('queue.id', queue);
    await sandbox.ok('workers.status_report', { worker: 'w:1', queues: [], timestamp: 2 });
    const [worker] = await workers(sandbox);
    expect(worker).not.to.have.any.keys('task', 'queue');
    expect(worker).to.have.nested.property('queues[0].id', queue);
  });

  it('must send a timestamp in each report', async () => {
    await using sandbox = await openSandbox();
    expect((await sandbox.call('workers.status_report', { worker: 'w:1' })).result).to.equal('400/12');
  });

  it('is no longer listed after workers.unregister', async () => {
    await using sandbox = await openSandbox();
    await sandbox.ok('workers.register', { worker: 'w:1' });
    await sandbox.ok('workers.unregister', { worker: 'w:1', queues: [] });
    await sandbox.ok('workers.unregister', { worker: 'w:1' });
    expect(await ids(sandbox)).to.deep.equal([]);
  });

  it('is found by pattern, by tag and by the time of the last report', async () => {
    const clock = createManualClock();
    await using sandbox = await openSandbox({ clock });
    await sandbox.ok('workers.register', { worker: 'slurm:c:1', timeout: 9000, tags: ['gpu'] });
    clock.advance(4_000_000);
    await sandbox.ok('workers.register', { worker: 'slurm:c:2', timeout: 9000 });
    expect(await ids(sandbox)).to.deep.equal(['slurm:c:2']);
    expect(await ids(sandbox, { last_seen: 0, worker_pattern: 'slurm:*' })).to.have.lengthOf(2);
    expect(await ids(sandbox, { last_seen: 0, tags: ['gpu'] })).to.deep.equal(['slurm:c:1']);
    expect(await ids(sandbox, { last_seen: 0, tags: ['-gpu'] })).to.deep.equal(['slurm:c:2']);
    expect(await sandbox.ok('workers.get_count')).to.deep.equal({ count: 2 });
  });
});
