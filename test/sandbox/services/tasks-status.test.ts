// Status changes in the sandbox: compare-and-swap, reasons, times and the watchdog.
import { expect } from 'chai';
import { createManualClock, openSandbox, type OpenSandbox } from '../open-sandbox.ts';

/** A task that a worker reported just now. */
async function makeRunning(sandbox: OpenSandbox): Promise<string> {
  const task = await sandbox.makeTask();
  await sandbox.ok('tasks.started', { task });
  await sandbox.ok('workers.status_report', { worker: 'w:1', task, timestamp: 1 });
  return task;
}

async function messageOf(sandbox: OpenSandbox, task: string): Promise<string> {
  const { status, status_message: message } = await sandbox.task(task);
  return `${status}: ${String(message)}`;
}

describe('a status change in the sandbox server', () => {
  it('sets the reason, the message and the time of the change', async () => {
    const clock = createManualClock(Date.UTC(2025, 0, 1, 10));
    await using sandbox = await openSandbox({ clock });
    const task = await sandbox.makeTask();
    clock.advance(1500);
    const answer = await sandbox.ok('tasks.started', { task, status_reason: 'because', status_message: 'so' });
    const at = '2025-01-01T10:00:01.500000+00:00';
    const written = { status: 'in_progress', status_reason: 'because', status_message: 'so', status_changed: at };
    expect(answer).to.deep.include({ updated: 1, started: 1 });
    expect(answer['fields']).to.deep.include(written);
    expect(await sandbox.task(task)).to.deep.include({ ...written, started: at, last_update: at, last_change: at });
  });

  it('clears the earlier reason if the call has no reason', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.makeTask();
    await sandbox.ok('tasks.started', { task, status_reason: 'because' });
    await sandbox.ok('tasks.completed', { task });
    expect(await sandbox.task(task)).to.include({ status_reason: '', status_message: '' });
  });

  it('keeps the start time if tasks.started is called for a running task', async () => {
    const clock = createManualClock(Date.UTC(2025, 0, 1));
    await using sandbox = await openSandbox({ clock });
    const task = await sandbox.makeTask();
    const startedAfter = async (): Promise<unknown> => {
      clock.advance(60_000);
      await sandbox.ok('tasks.started', { task });
      return (await sandbox.task(task))['started'];
    };
    expect(await startedAfter()).to.equal('2025-01-01T00:01:00+00:00');
    expect(await startedAfter()).to.equal('2025-01-01T00:01:00+00:00');
    await sandbox.ok('tasks.completed', { task });
    expect(await startedAfter()).to.equal('2025-01-01T00:03:00+00:00');
    expect(await sandbox.task(task)).not.to.have.property('completed');
  });

  it('from "queued" to "failed" is rejected without force', async () => {
    await using sandbox = await openSandbox();
    const queue = await sandbox.makeQueue('cpu');
    const task = await sandbox.makeQueued(queue);
    expect((await sandbox.call('tasks.failed', { task })).result).to.equal('400/110');
    expect(await sandbox.statusOf(task)).to.equal('queued');
  });

  it('from "queued" to "failed" is accepted with force', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.makeQueued(await sandbox.makeQueue('cpu'));
    await sandbox.ok('tasks.failed', { task, force: true, status_reason: 'sbatch said no' });
    expect(await sandbox.task(task)).to.include({ status: 'failed', status_reason: 'sbatch said no' });
  });

  it('from "stopped" to "failed" is accepted without force', async () => {
    await using sandbox = await openSandbox();
    const task = await makeRunning(sandbox);
    await sandbox.ok('tasks.stopped', { task, status_reason: 'user abort' });
    await sandbox.ok('tasks.failed', { task, status_reason: 'time limit' });
    expect(await sandbox.task(task)).to.include({ status: 'failed', status_reason: 'time limit' });
  });

  it('fails if another call changes the status at the same time', async () => {
    await using sandbox = await openSandbox();
    const task = await makeRunning(sandbox);
    const { answer } = await sandbox.held('tasks.completed', { task });
    await sandbox.ok('tasks.stopped', { task });
    await sandbox.ok('sandbox.release');
    expect((await answer).result).to.equal('400/121');
    expect(await sandbox.statusOf(task)).to.equal('stopped');
  });

  it('fails even with force if another call changes the status at the same time', async () => {
    await using sandbox = await openSandbox();
    const task = await makeRunning(sandbox);
    const { answer } = await sandbox.held('tasks.failed', { task, force: true });
    await sandbox.ok('tasks.completed', { task });
    await sandbox.ok('sandbox.release');
    expect((await answer).result).to.equal('400/121');
    expect(await sandbox.statusOf(task)).to.equal('completed');
  });

  it('leads to the status "published" if the call is tasks.completed with "publish: true"', async () => {
    await using sandbox = await openSandbox();
    const task = await makeRunning(sandbox);
    expect(await sandbox.ok('tasks.completed', { task, publish: true })).to.include({ published: 1 });
    expect(await sandbox.statusOf(task)).to.equal('published');
    expect((await sandbox.call('tasks.reset', { task })).result).to.equal('400/110');
  });

  it('fails for a missing task with 400/101 in tasks.completed and 400/10 in tasks.started', async () => {
    await using sandbox = await openSandbox();
    const unknown = { task: 'f'.repeat(32) };
    expect((await sandbox.call('tasks.completed', unknown)).result).to.equal('400/101');
    expect((await sandbox.call('tasks.started', unknown)).result).to.equal('400/10');
  });
});

describe('tasks.stop of the sandbox server', () => {
  it('stops a queued task and removes the task from the queue', async () => {
    await using sandbox = await openSandbox();
    const queue = await sandbox.makeQueue('cpu');
    const task = await sandbox.makeQueued(queue);
    await sandbox.ok('tasks.stop', { task });
    expect(await messageOf(sandbox, task)).to.equal('stopped: Stopped by Sandbox User');
    expect(await sandbox.entriesOf(queue)).to.deep.equal([]);
  });

  it('stops a queued task that queues.get_next_task has already returned', async () => {
    await using sandbox = await openSandbox();
    const queue = await sandbox.makeQueue('cpu');
    const task = await sandbox.makeQueued(queue);
    await sandbox.ok('queues.get_next_task', { queue });
    await sandbox.ok('tasks.stop', { task });
    expect(await sandbox.statusOf(task)).to.equal('stopped');
  });

  it('keeps the entry of a parked task in the scheduler queue', async () => {
    await using sandbox = await openSandbox();
    const queue = await sandbox.makeQueue('cpu');
    const parking = await sandbox.makeQueue('slurm_scheduler');
    const task = await sandbox.makeQueued(queue);
    await sandbox.ok('queues.get_next_task', { queue });
    await sandbox.ok('queues.add_task', { queue: parking, task, update_execution_queue: false });
    await sandbox.ok('tasks.stop', { task });
    expect(await sandbox.statusOf(task)).to.equal('stopped');
    expect(await sandbox.entriesOf(parking)).to.deep.equal([task]);
  });

  it('sets only the message "stopping" if the worker reported 599 s ago', async () => {
    const clock = createManualClock();
    await using sandbox = await openSandbox({ clock });
    const task = await makeRunning(sandbox);
    clock.advance(599_000);
    await sandbox.ok('tasks.stop', { task });
    clock.advance(599_000);
    await sandbox.ok('tasks.stop', { task, force: true });
    expect(await messageOf(sandbox, task)).to.equal('in_progress: stopping');
  });

  it('stops a task whose worker has not reported for 600 s', async () => {
    const clock = createManualClock();
    await using sandbox = await openSandbox({ clock });
    const task = await makeRunning(sandbox);
    clock.advance(600_000);
    await sandbox.ok('tasks.stop', { task });
    expect(await messageOf(sandbox, task)).to.equal('stopped: Stopped by Sandbox User');
  });

  it('has no effect after a client replaces the message "stopping"', async () => {
    await using sandbox = await openSandbox();
    const task = await makeRunning(sandbox);
    await sandbox.ok('tasks.stop', { task });
    await sandbox.ok('tasks.update', { task, status_message: 'still going' });
    expect(await messageOf(sandbox, task)).to.equal('in_progress: still going');
  });

  it('rejects a completed task, and a draft without force', async () => {
    await using sandbox = await openSandbox();
    const draft = await sandbox.makeTask();
    expect((await sandbox.call('tasks.stop', { task: draft })).result).to.equal('400/110');
    await sandbox.ok('tasks.stop', { task: draft, force: true });
    expect(await sandbox.statusOf(draft)).to.equal('stopped');
    const done = await sandbox.makeTask();
    await sandbox.ok('tasks.started', { task: done });
    await sandbox.ok('tasks.completed', { task: done });
    expect((await sandbox.call('tasks.stop', { task: done })).result).to.equal('400/110');
  });
});

describe('tasks.stop_many of the sandbox server', () => {
  it('reports success for a task that is stopped, and a failure for a missing task', async () => {
    await using sandbox = await openSandbox();
    const queued = await sandbox.makeQueued(await sandbox.makeQueue('cpu'));
    const answer = await sandbox.ok('tasks.stop_many', { ids: [queued, 'gone'] });
    expect(answer['succeeded']).to.have.lengthOf(1);
    expect(answer).to.have.nested.property('failed[0].error.codes').that.deep.equals([400, 101]);
  });
});

describe('the watchdog of the sandbox server', () => {
  it('stops a running task that had no update for two hours', async () => {
    await using sandbox = await openSandbox();
    const task = await makeRunning(sandbox);
    await sandbox.ok('sandbox.advance_clock', { seconds: 7200 + 900 });
    expect(await sandbox.task(task)).to.include({
      status: 'stopped',
      status_reason: 'Forced stop (non-responsive)',
      last_changed_by: '__apiserver__',
    });
  });

  it('runs only every 15 minutes', async () => {
    const clock = createManualClock();
    await using sandbox = await openSandbox({ clock });
    clock.advance(1000);
    const task = await makeRunning(sandbox);
    // At its run after two hours the task has been silent for a second less; only the next run stops it.
    clock.advance(8_098_000);
    expect(await sandbox.statusOf(task)).to.equal('in_progress');
    clock.advance(1000);
    expect(await sandbox.statusOf(task)).to.equal('stopped');
  });

  it('does not stop a task that sends pings, events or worker reports', async () => {
    const clock = createManualClock();
    await using sandbox = await openSandbox({ clock });
    const task = await makeRunning(sandbox);
    for (const [endpoint, body] of [
      ['tasks.ping', { task }],
      ['events.add', { type: 'log', task, msg: 'alive' }],
      ['workers.status_report', { worker: 'w:1', task, timestamp: 1 }],
    ] as const) {
      clock.advance(7_000_000);
      await sandbox.ok(endpoint, body);
    }
    expect(await sandbox.statusOf(task)).to.equal('in_progress');
  });

  it('never stops a queued task', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.makeQueued(await sandbox.makeQueue('cpu'));
    await sandbox.ok('sandbox.advance_clock', { seconds: 100_000 });
    expect(await sandbox.statusOf(task)).to.equal('queued');
  });
});
