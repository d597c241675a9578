// The part of the contract about reading tasks, and about writing fields other than their status.
import { expect } from 'chai';
import { LostRaceError } from '../../src/clearml/errors.ts';
import { taskId } from './client-under-test.ts';
import { rejection } from '../support/rejection.ts';
import type { ContractTestBed } from './contract-test-bed.ts';

const ID_OF_NONE = taskId('f'.repeat(32));

export function defineTaskContract(testBed: () => ContractTestBed): void {
  describe('a task query', () => {
    it('returns status, execution queue, user, worker and times of a task', async () => {
      const { client, newQueue, newTaskIn } = testBed();
      const queue = await newQueue();
      const id = await newTaskIn(queue);
      const { user } = await client.connect();

      const task = (await client.tasks.read([id])).tasks.get(id);

      expect(task).to.include({
        id,
        status: 'queued',
        executionQueue: queue,
        user,
        archived: false,
        lastWorker: undefined,
      });
      expect(task?.name).to.match(/^contract /);
      expect(task?.statusChanged).to.be.closeTo(Date.now(), 3_600_000);
      expect(task?.lastUpdate).to.be.closeTo(Date.now(), 3_600_000);
    });

    it('returns the same fields for a single task as in a list of tasks', async () => {
      const { client, newQueue, newTaskIn } = testBed();
      const id = await newTaskIn(await newQueue());

      const one = await client.tasks.get(id);

      expect(one?.task).to.deep.equal((await client.tasks.read([id])).tasks.get(id));
      expect(one?.document).to.include({ id, type: 'testing', status: 'queued' }).and.to.have.property('hyperparams');
    });

    it('returns the complete data of several tasks in one call', async () => {
      const { client, newQueue, newTaskIn, raw } = testBed();
      const queue = await newQueue();
      const [waiting, archived, deleted] = [await newTaskIn(queue), await raw.createTask(), await raw.createTask()];
      const hyperparams = [{ section: 'properties', name: 'a.b $c', value: '1' }];
      await raw.call('tasks.edit_hyper_params', { task: waiting, hyperparams });
      await raw.call('tasks.archive', { tasks: [archived] });
      await raw.call('tasks.delete', { task: deleted, force: true });

      const found = await client.tasks.getMany([waiting, deleted, archived, ID_OF_NONE]);

      expect([...found.keys()]).to.have.members([waiting, archived]);
      for (const id of [waiting, archived]) {
        const one = await client.tasks.get(id);
        // A real server leaves its own list of metrics out of lists.
        const { unique_metrics: _, ...document } = one?.document ?? {};
        expect(found.get(id)).to.deep.equal({ task: one?.task, document });
      }
    });

    it('omits tasks that do not exist (C-16)', async () => {
      const { client, raw } = testBed();
      const [kept, deleted] = [await raw.createTask(), await raw.createTask()];
      await raw.call('tasks.delete', { task: deleted, force: true });

      expect([...(await client.tasks.read([deleted, ID_OF_NONE, kept])).tasks.keys()]).to.deep.equal([kept]);
      expect(await client.tasks.get(deleted)).to.equal(undefined);
      expect(await client.tasks.get(ID_OF_NONE)).to.equal(undefined);
    });

    it('returns archived and hidden tasks', async () => {
      const { client, raw } = testBed();
      const [archived, hidden] = [await raw.createTask(), await raw.createTask()];
      await raw.call('tasks.archive', { tasks: [archived] });
      await raw.call('tasks.edit', { task: hidden, system_tags: ['hidden'] });

      const { tasks } = await client.tasks.read([archived, hidden]);

      expect(tasks.get(archived)?.archived).to.equal(true);
      expect(tasks.get(hidden)?.archived).to.equal(false);
    });

    it('finds tasks by status and execution queue even after the tasks have left the queue', async () => {
      const { client, newQueue, newTaskIn, raw } = testBed();
      const [queue, other] = [await newQueue(), await newQueue()];
      const [waiting, popped, running] = [await newTaskIn(queue), await newTaskIn(queue), await newTaskIn(queue)];
      await newTaskIn(other);
      await client.queues.removeEntry(queue, popped);
      await client.queues.removeEntry(queue, running);
      await raw.call('tasks.started', { task: running });

      const queued = await client.tasks.find({ statuses: ['queued'], queues: [queue] });
      const both = await client.tasks.find({ statuses: ['queued', 'in_progress'], queues: [queue] });

      expect(queued.map((task) => task.id)).to.have.members([waiting, popped]);
      expect(both.map((task) => task.id)).to.have.members([waiting, popped, running]);
    });

    it('finds a hidden task by status and execution queue (C-23)', async () => {
      const { client, newQueue, newTaskIn, raw } = testBed();
      const queue = await newQueue();
      const id = await newTaskIn(queue);
      await raw.call('tasks.edit', { task: id, system_tags: ['hidden'], force: true });

      const found = await client.tasks.find({ statuses: ['queued'], queues: [queue] });

      expect(found.map((task) => task.id)).to.deep.equal([id]);
    });

    it('returns the status message "stopping" after a user aborts a running task', async () => {
      const { client, newQueue, newTaskIn, raw, uniqueName } = testBed();
      const queue = await newQueue();
      const id = await newTaskIn(queue);
      const worker = `slurm:${uniqueName()}`;
      await client.queues.removeEntry(queue, id);
      await raw.call('tasks.started', { task: id });
      await raw.call('workers.status_report', { worker, task: id, timestamp: Date.now() });

      await raw.call('tasks.stop', { task: id });
      const task = (await client.tasks.read([id])).tasks.get(id);
      await client.workers.unregister(worker);

      expect(task).to.include({ status: 'in_progress', statusMessage: 'stopping', lastWorker: worker });
    });
  });

  describe('the field "started" of a task', () => {
    it('keeps its value until a reset, even if an agent starts the task again', async () => {
      const { client, raw, newQueue, newTaskIn } = testBed();
      const id = await newTaskIn(await newQueue());
      const started = async (): Promise<number | undefined> => (await client.tasks.read([id])).tasks.get(id)?.started;

      await raw.call('tasks.dequeue', { task: id, new_status: 'in_progress' });
      await raw.call('tasks.started', { task: id, force: true });
      const first = await started();
      await raw.call('tasks.dequeue', { task: id, new_status: 'in_progress' });
      await raw.call('tasks.started', { task: id, force: true });
      await raw.call('tasks.started', { task: id });

      expect(first).to.be.above(0);
      expect(await started()).to.equal(first);
      await raw.call('tasks.reset', { task: id, force: true });
      expect(await started()).to.equal(undefined);
    });
  });

  describe('the timeout of an abort callback of a task', () => {
    for (const [what, runtime, abortCallbackMs] of [
      [
        'the sum of _abort_callback_timeout and _abort_poll_freq',
        { _abort_callback_timeout: '600', _abort_poll_freq: '10' },
        610_000,
      ],
      ['_abort_callback_timeout if _abort_poll_freq is missing', { _abort_callback_timeout: 30 }, 30_000],
      [
        'undefined if _abort_callback_timeout is not a number',
        { _abort_callback_timeout: 'soon', _abort_poll_freq: '10' },
        undefined,
      ],
      ['undefined if _abort_callback_timeout is missing', {}, undefined],
    ] as const) {
      it(`is ${what}`, async () => {
        const { client, raw } = testBed();
        const id = await raw.createTask();
        // As the SDK writes it: keys that come by tasks.edit_runtime are escaped, and stay so.
        await raw.call('tasks.edit', { task: id, force: true, runtime });
        expect((await client.tasks.read([id])).tasks.get(id)).to.include({ abortCallbackMs });
        expect((await client.tasks.get(id))?.task).to.include({ abortCallbackMs });
      });
    }
  });

  describe('the server', () => {
    it('escapes keys with "_", ".", "%" or "$" in tasks.edit_runtime', async () => {
      const { client, raw } = testBed();
      const id = await raw.createTask();
      const written = { _x: '1', 'a.b': '2', c__d: '3', 'p%q': '4', $d: '5', ' s ': '6' };

      await raw.call('tasks.edit_runtime', { task: id, add_or_update: written });

      const read = (await client.tasks.get(id))?.document['runtime'];
      const escaped = { '%_x': '1', 'a%2Eb': '2', 'c%_%_d': '3', 'p%%q': '4', '%24d': '5', s: '6' };
      expect(read).to.deep.equal(escaped);

      await raw.call('tasks.edit_runtime', { task: id, remove: ['_x', 'a.b', 'c__d', 'p%q', '$d'] });
      expect((await client.tasks.get(id))?.document['runtime']).to.deep.equal({ s: '6' });
    });

    for (const field of ['nonsense', 'execution.nonsense', 'script.diff.nonsense', 'project.nonsense', 'status.x'])
      it(`rejects a query for the field "${field}", which no task has`, async () => {
        const { raw } = testBed();
        const id = await raw.createTask();
        const refusal = await rejection(raw.call('tasks.get_all', { id: [id], only_fields: ['id', field] }));
        expect(String(refusal)).to.match(
          /Lookup error \(probably an invalid field name.*Cannot resolve field "(nonsense|x)"/,
        );
      });

    it('accepts a query for unknown keys of hyperparams, runtime and last_metrics', async () => {
      const { raw } = testBed();
      const id = await raw.createTask();
      const fields = ['hyperparams.a.b.value', 'runtime.x', 'container.image', 'last_metrics.x.y'];
      await raw.call('tasks.get_all', { id: [id], only_fields: fields });
    });

    it('rejects a query for the field "nonsense", which no queue has', async () => {
      const body = { only_fields: ['id', 'nonsense'] };
      expect(String(await rejection(testBed().raw.call('queues.get_all', body)))).to.include('Lookup error');
    });
  });

  describe('a task update', () => {
    it('changes only the status message of a queued task', async () => {
      const { client, newQueue, newTaskIn } = testBed();
      const id = await newTaskIn(await newQueue());
      const before = (await client.tasks.get(id))?.task;

      await client.tasks.setStatusMessage(id, 'waits for “nodes”');

      expect((await client.tasks.get(id))?.task).to.deep.equal({ ...before, statusMessage: 'waits for “nodes”' });
    });

    it('changes one user property of a completed task, and no other user property (C-15)', async () => {
      const { client, raw } = testBed();
      const id = await raw.createTask();
      await client.tasks.setProperties(id, { slurm_job_id: '17', slurm_cluster: 'c1' });
      await raw.call('tasks.started', { task: id });
      await raw.call('tasks.completed', { task: id });

      await client.tasks.setProperties(id, { slurm_job_id: '18' });

      const hyperparams = (await client.tasks.get(id))?.document['hyperparams'];
      expect(hyperparams).to.have.nested.property('properties.slurm_job_id.value', '18');
      expect(hyperparams).to.have.nested.property('properties.slurm_cluster.value', 'c1');
    });
  });
  describe('the execute command', () => {
    it('enqueues a draft, a failed task and a stopped task', async () => {
      const { client, raw, newQueue } = testBed();
      const queue = await newQueue();
      const tasks = [await raw.createTask(), await raw.createTask(), await raw.createTask()] as const;
      for (const task of tasks.slice(1)) await raw.call('tasks.started', { task });
      await raw.call('tasks.failed', { task: tasks[1] });
      await raw.call('tasks.stopped', { task: tasks[2] });

      for (const task of tasks) await client.tasks.enqueue(task, queue);

      expect((await client.queues.read([queue])).queues[0]?.entries.map(({ task }) => task)).to.deep.equal(tasks);
      for (const task of (await client.tasks.read(tasks)).tasks.values())
        expect(task).to.include({ status: 'queued', executionQueue: queue });
    });

    it('moves a queued task to the requested queue', async () => {
      const { client, newQueue, newTaskIn } = testBed();
      const [first, second] = [await newQueue(), await newQueue()];
      const [moved, after] = [await newTaskIn(first), await newTaskIn(first)];

      await client.tasks.enqueue(moved, second);
      await client.tasks.enqueue(moved, second);
      await client.tasks.enqueue(after, first);

      const [was, is] = await Promise.all([client.queues.read([first]), client.queues.read([second])]);
      expect(was.queues[0]?.entries.map(({ task }) => task)).to.deep.equal([after]);
      expect(is.queues[0]?.entries.map(({ task }) => task)).to.deep.equal([moved]);
      expect((await client.tasks.read([moved])).tasks.get(moved)?.executionQueue).to.equal(second);
    });

    it('cannot enqueue a running task', async () => {
      const { client, raw, newQueue } = testBed();
      const [queue, task] = [await newQueue(), await raw.createTask()];
      await raw.call('tasks.started', { task });

      const error: unknown = await client.tasks.enqueue(task, queue).catch((reason: unknown) => reason);

      expect(error).to.be.instanceOf(LostRaceError);
      expect((await client.tasks.get(task))?.task.status).to.equal('in_progress');
      expect((await client.queues.read([queue])).queues[0]?.entries).to.deep.equal([]);
    });

    it('clones an ended task as a draft with the same container and parameters', async () => {
      const { client, raw } = testBed();
      const task = await raw.createTask();
      await client.tasks.setProperties(task, { num_nodes: '2' });
      await client.tasks.setImage(task, 'python:3.12');
      await raw.call('tasks.started', { task });
      await raw.call('tasks.completed', { task });

      const clone = await client.tasks.clone(task);
      const read = await client.tasks.get(clone);
      await raw.call('tasks.delete', { task: clone, force: true });

      expect(clone).to.not.equal(task);
      expect(read?.task.status).to.equal('created');
      expect(read?.document).to.have.nested.property('hyperparams.properties.num_nodes.value', '2');
      expect(read?.document).to.have.nested.property('container.image', 'python:3.12');
    });

    it('sets the container image of a queued task and keeps the container arguments', async () => {
      const { client, raw, newQueue, newTaskIn } = testBed();
      const task = await newTaskIn(await newQueue());
      await raw.call('tasks.edit', { task, force: true, container: { image: 'old', arguments: '--ipc=host' } });

      await client.tasks.setImage(task, 'new');

      const container = (await client.tasks.get(task))?.document['container'];
      expect(container).to.include({ image: 'new', arguments: '--ipc=host' });
      expect((await client.tasks.get(task))?.task.status).to.equal('queued');
    });
  });
}
