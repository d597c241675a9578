// The part of the contract about status changes: a call that another one preceded gets an error.
import { expect } from 'chai';
import { LostRaceError } from '../../src/clearml/errors.ts';
import type { TaskId } from '../../src/clearml/ids.ts';
import type { TaskStatus } from '../../src/clearml/task.ts';
import { rejection } from '../support/rejection.ts';
import type { ContractTestBed } from './contract-test-bed.ts';

const NOTE = { reason: 'Slurm TIMEOUT', message: 'raise --time' };
const UNFORCED = { force: false };
const FORCED = { force: true };

export function defineStatusContract(testBed: () => ContractTestBed): void {
  /** A task with `execution.queue` that got into this status as users and agents bring it there. */
  async function createTaskWithStatus(
    status: 'queued' | 'in_progress' | 'stopped' | 'completed' | 'deleted',
  ): Promise<TaskId> {
    const { client, raw, newQueue, newTaskIn } = testBed();
    const queue = await newQueue();
    const task = await newTaskIn(queue);
    await client.queues.removeEntry(queue, task);
    if (status === 'queued') return task;
    await raw.call('tasks.started', { task });
    if (status === 'stopped') await raw.call('tasks.stopped', { task });
    if (status === 'completed') await raw.call('tasks.completed', { task });
    if (status === 'deleted') await raw.call('tasks.delete', { task, force: true });
    return task;
  }

  async function statusOf(id: TaskId): Promise<TaskStatus | undefined> {
    return (await testBed().client.tasks.get(id))?.task.status;
  }

  describe('the status API', () => {
    it('sets the status, the status reason and the status message', async () => {
      const { tasks } = testBed().client;
      const id = await createTaskWithStatus('in_progress');

      await tasks.fail(id, NOTE, UNFORCED);

      expect((await tasks.get(id))?.task).to.include({
        status: 'failed',
        statusReason: 'Slurm TIMEOUT',
        statusMessage: 'raise --time',
      });
    });

    it('gives a queued task the status "failed" only with force (C-06)', async () => {
      const { tasks } = testBed().client;
      const id = await createTaskWithStatus('queued');

      expect(await rejection(tasks.fail(id, NOTE, UNFORCED))).to.be.instanceOf(LostRaceError);
      expect(await statusOf(id)).to.equal('queued');

      await tasks.fail(id, NOTE, FORCED);
      expect(await statusOf(id)).to.equal('failed');
    });

    it('gives a stopped task the status "failed" without force', async () => {
      const id = await createTaskWithStatus('stopped');

      await testBed().client.tasks.fail(id, NOTE, UNFORCED);

      expect(await statusOf(id)).to.equal('failed');
    });

    it('stops a queued or running task without force', async () => {
      for (const status of ['queued', 'in_progress'] as const) {
        const id = await createTaskWithStatus(status);

        await testBed().client.tasks.stop(id, NOTE, UNFORCED);

        expect(await statusOf(id)).to.equal('stopped');
      }
    });

    it('completes a running task, but refuses to complete a queued task', async () => {
      const { tasks } = testBed().client;
      const [running, waiting] = [await createTaskWithStatus('in_progress'), await createTaskWithStatus('queued')];

      await tasks.complete(running, NOTE);

      expect(await statusOf(running)).to.equal('completed');
      expect(await rejection(tasks.complete(waiting, NOTE))).to.be.instanceOf(LostRaceError);
    });

    it('refuses to stop a completed task', async () => {
      const id = await createTaskWithStatus('completed');

      expect(await rejection(testBed().client.tasks.stop(id, NOTE, UNFORCED))).to.be.instanceOf(LostRaceError);
      expect(await statusOf(id)).to.equal('completed');
    });

    it('reports a lost race if the task was deleted, even with force', async () => {
      const { tasks } = testBed().client;
      const id = await createTaskWithStatus('deleted');

      expect(await rejection(tasks.fail(id, NOTE, FORCED))).to.be.instanceOf(LostRaceError);
      expect(await rejection(tasks.stop(id, NOTE, UNFORCED))).to.be.instanceOf(LostRaceError);
      expect(await rejection(tasks.complete(id, NOTE))).to.be.instanceOf(LostRaceError);
      expect(await rejection(tasks.unstart(id, 'in_progress', NOTE))).to.be.instanceOf(LostRaceError);
    });
  });

  describe('the simultaneous start of a task by eight agents', () => {
    it('fails for at least one agent', async () => {
      const { raw } = testBed();
      const refusals: string[] = [];
      // Occasionally, no agent changes the task between another agent's read and its write.
      for (let tries = 0; tries < 20 && refusals.length === 0; tries += 1) {
        const task = await createTaskWithStatus('queued');
        const begin = (): Promise<unknown> => raw.call('tasks.dequeue', { task, new_status: 'in_progress' });

        const answers = await Promise.allSettled(Array.from({ length: 8 }, begin));

        expect(await statusOf(task)).to.equal('in_progress');
        expect(answers.map(({ status }) => status)).to.include('fulfilled');
        for (const one of answers) if (one.status === 'rejected') refusals.push(String(one.reason));
      }
      expect(refusals[0]).to.match(
        /Failed changing task status\. probably someone changed it before you: task_id=\w+, current_status=queued, new_status=in_progress$/,
      );
    });

    it('succeeds for all eight agents if the task is already in progress', async () => {
      const { raw } = testBed();
      const task = await createTaskWithStatus('queued');
      const begin = (): Promise<unknown> => raw.call('tasks.dequeue', { task, new_status: 'in_progress' });
      await begin();

      const answers = await Promise.all(Array.from({ length: 8 }, begin));

      for (const answer of answers) expect(answer).to.include({ updated: 1 });
    });
  });

  describe('after', () => {
    /** A task in a queue whose status before its first enqueue the server no longer knows; `forget` makes it forget. */
    async function enqueuedAfter(forget: (id: TaskId) => Promise<unknown>): Promise<TaskId> {
      const { raw, newQueue } = testBed();
      const id = await createTaskWithStatus('in_progress');
      await forget(id);
      await raw.call('tasks.enqueue', { task: id, queue: await newQueue() });
      return id;
    }

    /** Afterwards the task waits in the queue that refused it. */
    async function refuseEnqueue(id: TaskId): Promise<void> {
      const { raw, newQueue } = testBed();
      const queue = await newQueue();
      await raw.call('tasks.enqueue', { task: id, queue, force: true });
      await rejection(raw.call('tasks.enqueue', { task: id, queue }));
    }

    const forgetting: readonly (readonly [string, (id: TaskId) => Promise<unknown>])[] = [
      ['a refused enqueue', refuseEnqueue],
      ['the call unstart', (id) => testBed().client.tasks.unstart(id, 'in_progress', NOTE)],
    ];
    for (const [what, forget] of forgetting) {
      it(`${what}, a dequeue by a user keeps the status "queued", but removes the task from its queue`, async () => {
        const { client, raw } = testBed();
        const id = await enqueuedAfter(forget);

        const answer = await raw.call('tasks.dequeue', { task: id });

        expect(answer).to.include({ updated: 1 });
        expect(answer).to.have.nested.property('fields.status', 'queued');
        const { queues } = await client.queues.readAll();
        expect(queues.flatMap((queue) => queue.entries.map((entry) => entry.task))).to.not.include(id);
        await raw.call('tasks.dequeue', { task: id });
        expect(await statusOf(id)).to.equal('created');
      });

      it(`${what}, a dequeue by the daemon makes the task a draft`, async () => {
        const id = await enqueuedAfter(forget);

        await testBed().client.tasks.dequeue(id, NOTE);

        expect(await statusOf(id)).to.equal('created');
      });
    }
  });

  describe('the call unstart of the ClearML client', () => {
    for (const status of ['in_progress', 'stopped'] as const) {
      it(`changes the status "${status}" to "queued", but adds no queue entry (C-07)`, async () => {
        const { client } = testBed();
        const id = await createTaskWithStatus(status);
        const before = (await client.tasks.get(id))?.task;

        await client.tasks.unstart(id, status, NOTE);

        const after = (await client.tasks.get(id))?.task;
        expect(after).to.include({
          status: 'queued',
          statusReason: NOTE.reason,
          executionQueue: before?.executionQueue,
        });
        const { queues } = await client.queues.readAll();
        expect(queues.flatMap((queue) => queue.entries.map((entry) => entry.task))).to.not.include(id);
      });
    }

    it('fails with a lost race if the task has completed', async () => {
      const id = await createTaskWithStatus('completed');

      expect(await rejection(testBed().client.tasks.unstart(id, 'in_progress', NOTE))).to.be.instanceOf(LostRaceError);
      expect(await statusOf(id)).to.equal('completed');
    });
  });
}
