// The part of the contract that checkpoints as output models rely on: what the SDK's OutputModel and InputModel call.
import { expect } from 'chai';
import * as z from 'zod';
import type { TaskId } from '../../src/clearml/ids.ts';
import type { ContractTestBed } from './contract-test-bed.ts';

const Created = z.object({ id: z.string(), created: z.literal(true) });
const Read = z.object({ model: z.looseObject({ id: z.string() }) });
const Found = z.object({ models: z.array(z.looseObject({ id: z.string() })) });
const Tasks = z.object({ tasks: z.tuple([z.looseObject({ last_iteration: z.number() })]) });

export function defineModelContract(testBed: () => ContractTestBed): void {
  const call = (endpoint: string, body: object): Promise<unknown> => testBed().raw.call(endpoint, body);

  /** As the SDK does for a new OutputModel, with its first file not yet uploaded. */
  async function createModel(more: object = {}): Promise<string> {
    const name = testBed().uniqueName();
    return Created.parse(await call('models.create', { uri: 'file:///uploading_file', name, labels: {}, ...more })).id;
  }

  async function readModel(model: string): Promise<Record<string, unknown>> {
    return Read.parse(await call('models.get_by_id', { model })).model;
  }

  async function find(conditions: object): Promise<string[]> {
    return Found.parse(await call('models.get_all', { ...conditions, only_fields: ['id'] })).models.map(({ id }) => id);
  }

  async function readTask(task: TaskId): Promise<Record<string, unknown>> {
    return Tasks.parse(await call('tasks.get_all', { id: [task], only_fields: ['models', 'last_iteration'] })).tasks[0];
  }

  /** A model that this task has saved under this name. */
  async function saveModel(task: TaskId, name: string, more: object = {}): Promise<string> {
    const model = await createModel({ task, ...more });
    await call('tasks.add_or_update_model', { task, name, type: 'output', model });
    return model;
  }

  async function expectRefused(endpoint: string, body: object, message: RegExp): Promise<void> {
    await call(endpoint, body).then(
      () => expect.fail(`${endpoint} was accepted: ${JSON.stringify(body)}`),
      (error: unknown) => expect(String(error)).to.match(message),
    );
  }

  describe('a model', () => {
    it('is published at its creation, and its optional fields are empty', async () => {
      const created = await readModel(await createModel());

      expect(created).to.deep.include({
        uri: 'file:///uploading_file',
        ready: true,
        labels: {},
        design: {},
        metadata: {},
      });
      expect(created).to.deep.include({ tags: [], system_tags: [], last_iteration: 0, last_metrics: {} });
      expect(created).to.not.have.any.keys('task', 'project', 'parent', 'framework', 'comment', 'ui_cache');
    });

    it('can be edited with a new iteration, which raises the last iteration of the task', async () => {
      const task = await testBed().raw.createTask();
      const model = await createModel({ task });
      const fields = {
        uri: ' file:///a ',
        framework: 'PyTorch',
        comment: 'text',
        tags: ['a'],
        design: { design: 'x' },
      };

      expect(await call('models.edit', { model, ...fields, labels: { cat: 1 }, iteration: 7 })).to.have.property(
        'updated',
        1,
      );
      expect(await call('models.edit', { model, iteration: 3 })).to.have.property('updated', 0);

      expect(await readModel(model)).to.deep.include({ ...fields, uri: 'file:///a', labels: { cat: 1 }, task });
      expect(await readTask(task)).to.have.property('last_iteration', 7);
    });

    it('accepts a metadata key with a dot, such as "a.b"', async () => {
      const model = await createModel();
      const item = (key: string, value: string): object => ({ key, type: 'int', value });
      const change = (metadata: readonly object[], isWhole: boolean): Promise<unknown> =>
        call('models.add_or_update_metadata', { model, metadata, replace_metadata: isWhole });

      await change([item('a.b', '1'), item('c', '1')], false);
      await change([item('c', '2')], false);
      expect(await readModel(model))
        .to.have.property('metadata')
        .that.deep.equals({ 'a.b': item('a.b', '1'), c: item('c', '2') });
      await change([item('d', '3'), item('e', '4')], true);
      await call('models.delete_metadata', { model, keys: ['e', 'unknown'] });
      expect(await readModel(model))
        .to.have.property('metadata')
        .that.deep.equals({ d: item('d', '3') });
    });

    it('is found by its URI, task, name and tags', async () => {
      const { raw, uniqueName } = testBed();
      const task = await raw.createTask();
      const uri = `file:///${uniqueName()}`;
      const name = uniqueName();
      const model = await createModel({ uri, name, task, tags: ['b', 'a'], ready: false });
      const other = await createModel({ name: `${name}-other`, task });

      expect(await find({ uri: [uri] })).to.deep.equal([model]);
      expect(await find({ task: [task], order_by: ['-name'] })).to.deep.equal([other, model]);
      expect(await find({ task: [task], ready: true })).to.deep.equal([other]);
      expect(await find({ task: [task], name: `^${name}$` })).to.deep.equal([model]);
      expect(await find({ task: [task], tags: ['-a'] })).to.deep.equal([other]);
      expect(await readModel(model))
        .to.have.property('tags')
        .that.deep.equals(['a', 'b']);
      await expectRefused('models.get_all', { only_fields: ['nonsense'], id: [model] }, /cannot resolve field/i);
    });

    it('is published by models.set_ready, but only once', async () => {
      const { raw } = testBed();
      const task = await raw.createTask();
      const model = await saveModel(task, 'weights', { ready: false });
      await raw.call('tasks.completed', { task, force: true });
      const second = await createModel({ task, ready: false });

      expect(await call('models.set_ready', { model, publish_task: false })).to.have.property('updated', 1);
      expect(await readModel(model)).to.have.property('ready', true);
      await expectRefused('models.set_ready', { model, publish_task: false }, /Model is ready/i);
      expect(await call('models.set_ready', { model: second })).to.have.nested.property('published_task.id', task);
    });

    it('can be archived and unarchived', async () => {
      const model = await createModel();
      await call('models.archive_many', { ids: [model] });
      expect(await find({ id: [model], system_tags: ['archived'] })).to.deep.equal([model]);
      await call('models.unarchive_many', { ids: [model] });
      expect(await find({ id: [model], system_tags: ['archived'] })).to.deep.equal([]);
    });

    it('cannot be edited between models.make_public and models.make_private', async () => {
      const model = await createModel();
      expect(await call('models.make_public', { ids: [model] })).to.have.property('updated', 1);

      expect(await readModel(model)).to.have.property('company', '');
      await expectRefused('models.edit', { model, comment: 'text' }, /Invalid model id/i);
      await expectRefused('models.make_public', { ids: [model] }, /Invalid model id/i);
      expect(await call('models.make_private', { ids: [model] })).to.have.property('updated', 1);
      expect(await call('models.edit', { model, comment: 'text' })).to.have.property('updated', 1);
    });

    it('is rejected if a field is missing or invalid', async () => {
      const model = await createModel();
      const name = testBed().uniqueName();
      await expectRefused('models.create', { name }, /Validation error .*uri/i);
      await expectRefused('models.create', { name: ' ab ', uri: 'a' }, /Data validation error/i);
      await expectRefused('models.create', { name, uri: 'a', task: 'unknown' }, /Invalid task id/i);
      await expectRefused('models.create', { name, uri: 'a', project: 'unknown' }, /Invalid project ids/i);
      await expectRefused('models.create', { name, uri: 'a', labels: { a: 1, b: 1 } }, /Same label id/i);
      await expectRefused('models.create', { name, uri: 'a', labels: { a: 'b' } }, /Data validation error/i);
      await expectRefused(
        'models.create',
        { name, uri: 'a', metadata: [{ key: 'a', type: 'int', value: '1' }] },
        /metadata/i,
      );
      await expectRefused('models.edit', { model: 'unknown', comment: 'text' }, /Invalid model id/i);
      await expectRefused('models.edit', { model, task: 'unknown' }, /expecting Task id/i);
      await expectRefused('models.edit', { model, project: 'unknown' }, /expecting Project id/i);
      await expectRefused('models.edit', { model, parent: 'unknown' }, /expecting Model id/i);
      await expectRefused('models.edit', { model, labels: { a: 'b' } }, /labels values must be integers/i);
      await expectRefused('models.get_by_id', { model: 'unknown' }, /Invalid model id/i);
      await expectRefused('models.add_or_update_metadata', { model, metadata: [] }, /Validation error/i);
      await expectRefused('models.add_or_update_metadata', { model, metadata: [{ key: 'a' }] }, /Validation error/i);
    });
  });

  describe('the models of a task', () => {
    it('are listed once for each name, in the order of the first upload', async () => {
      const task = await testBed().raw.createTask();
      const [first, second] = [await saveModel(task, 'one'), await saveModel(task, 'two')];
      await call('tasks.add_or_update_model', { task, name: 'one', type: 'output', model: second, iteration: 4 });

      const read = await readTask(task);

      expect(read).to.have.nested.property('models.output').that.has.length(2);
      expect(read).to.have.nested.property('models.output[0]').that.includes({ name: 'one', model: second });
      expect(read).to.have.nested.property('models.output[1]').that.includes({ name: 'two', model: second });
      expect(read).to.have.property('last_iteration', 4);
      expect(first).not.to.equal(second);
    });

    it('no longer contain a model that was deleted with force', async () => {
      const { raw } = testBed();
      const [task, other] = [await raw.createTask(), await raw.createTask()];
      const [kept, model] = [await saveModel(task, 'kept'), await saveModel(task, 'weights')];
      await call('tasks.add_or_update_model', { task: other, name: 'in', type: 'input', model });

      await expectRefused('models.delete', { model }, /Model is used by tasks/i);
      expect(await call('models.delete', { model, force: true })).to.have.property('deleted', true);

      expect(await readTask(task))
        .to.have.nested.property('models.output')
        .that.has.length(1);
      expect(await readTask(task)).to.have.nested.property('models.output[0].model', kept);
      expect(await readTask(other)).to.have.nested.property('models.input[0].model', `__DELETED__${model}`);
    });

    it('prevent a reset or deletion without force if one of the models is published', async () => {
      const task = await testBed().raw.createTask();
      const [published, draft] = [await saveModel(task, 'one'), await saveModel(task, 'two', { ready: false })];

      await expectRefused('tasks.reset', { task }, /has output models, use force=True/i);
      await expectRefused('tasks.delete', { task }, /has output models, use force=True/i);
      expect(await call('tasks.reset', { task, force: true })).to.have.property('deleted_models', 1);

      expect(await find({ id: [published, draft] })).to.deep.equal([published]);
      expect(await readModel(published)).to.not.have.property('task');
      expect(await readTask(task))
        .to.have.nested.property('models.output')
        .that.deep.equals([]);
    });

    it('keep the id of the deleted task with the prefix __DELETED__', async () => {
      const task = await testBed().raw.createTask();
      const model = await saveModel(task, 'one');

      const deleted = await call('tasks.delete', { task, force: true });

      expect(deleted).to.include({ deleted: true, updated_models: 1, deleted_models: 0 });
      expect(await readModel(model)).to.have.property('task', `__DELETED__${task}`);
    });
  });
}
