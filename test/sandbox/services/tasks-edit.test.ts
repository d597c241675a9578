// Changing tasks in the sandbox: which fields may be written in which status.
import { expect } from 'chai';
import * as z from 'zod';
import { createManualClock, openSandbox } from '../open-sandbox.ts';

const Parameter = z.object({ section: z.string(), name: z.string() });
const Artifact = z.object({ key: z.string(), uri: z.string() });

const property = (name: string, value: string): Record<string, string> => ({ section: 'properties', name, value });

describe('a new task of the sandbox server', () => {
  it('has empty maps and lists, but omits other fields without a value', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.task(await sandbox.makeTask());
    expect(task).to.deep.include({
      status: 'created',
      container: {},
      runtime: {},
      hyperparams: {},
      tags: [],
      system_tags: [],
      execution: { artifacts: [] },
      models: { input: [], output: [] },
    });
    expect(task).not.to.have.any.keys('started', 'status_reason', 'last_worker', 'parent', 'enqueue_status');
  });

  it('needs a valid name, a valid type, and an existing parent and project', async () => {
    await using sandbox = await openSandbox();
    const make = async (fields: Record<string, unknown>): Promise<string> =>
      (await sandbox.call('tasks.create', { name: 'a task', type: 'testing', ...fields })).result;
    expect(await make({ name: ' ab ' })).to.equal('400/800');
    expect(await make({ type: 'cooking' })).to.equal('400/12');
    expect(await make({ parent: 'gone' })).to.equal('400/101');
    expect(await make({ project: 'gone' })).to.equal('400/401');
  });
});

describe('tasks.edit of the sandbox server', () => {
  it('merges the field "script", but replaces the fields "runtime" and "container"', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.makeTask({
      script: { entry_point: 'a.py', branch: 'main' },
      runtime: { a: 1 },
      container: { image: 'one', arguments: '-v x' },
    });
    await sandbox.ok('tasks.edit', {
      task,
      script: { entry_point: ' b.py ' },
      runtime: { b: 2 },
      container: { image: 'two' },
    });
    const edited = await sandbox.task(task);
    expect(edited['script']).to.include({ entry_point: 'b.py', branch: 'main' });
    expect(edited).to.deep.include({ runtime: { b: 2 }, container: { image: 'two' } });
  });

  it('changes a running task only with force', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.makeTask();
    await sandbox.ok('tasks.started', { task });
    expect((await sandbox.call('tasks.edit', { task, comment: 'x' })).result).to.equal('400/110');
    await sandbox.ok('tasks.edit', { task, comment: 'x', force: true, status: 'published' });
    expect(await sandbox.task(task)).to.include({ comment: 'x', status: 'published' });
  });
});

describe('tasks.update of the sandbox server', () => {
  it('changes the status message but not the status of a queued task', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.makeQueued(await sandbox.makeQueue('cpu'));
    expect(await sandbox.ok('tasks.update', { task, status_message: 'waits for a node', status: 'failed' })).to.include(
      {
        updated: 1,
      },
    );
    expect(await sandbox.task(task)).to.include({ status: 'queued', status_message: 'waits for a node' });
    expect(await sandbox.ok('tasks.update', { task, status: 'failed' })).to.deep.equal({ updated: 0 });
  });
});

describe('tasks.update_batch of the sandbox server', () => {
  it('applies only the last of two lines about the same task', async () => {
    await using sandbox = await openSandbox();
    const [first, second] = [await sandbox.makeTask(), await sandbox.makeTask()];
    const lines = [
      { task: first, status_message: 'one' },
      { task: second, status_message: 'two', status: 'failed' },
      { task: first, comment: 'last' },
    ];
    expect(await sandbox.batch('tasks.update_batch', lines)).to.deep.include({
      result: '200/0',
      data: { updated: 2 },
    });
    expect(await sandbox.task(first))
      .to.include({ comment: 'last' })
      .and.not.to.have.property('status_message');
    expect(await sandbox.task(second)).to.include({ status_message: 'two', status: 'created' });
  });

  for (const [what, line, result] of [
    ['names a task that does not exist', { task: 'f'.repeat(32), status_message: 'x' }, '400/101'],
    ['names no task', { status_message: 'x' }, '500/1'],
    ['has a value of the wrong type', { comment: 1 }, '400/12'],
  ] as const) {
    it(`updates no task if a line ${what}`, async () => {
      await using sandbox = await openSandbox();
      const [first, second] = [await sandbox.makeTask(), await sandbox.makeTask()];
      const wrong = what.startsWith('has') ? { task: second, ...line } : line;
      const lines = [{ task: first, status_message: 'x' }, wrong];
      expect((await sandbox.batch('tasks.update_batch', lines)).result).to.equal(result);
      expect(await sandbox.task(first)).to.not.have.property('status_message');
    });
  }
});

describe('tasks.clone of the sandbox server', () => {
  it('copies the user properties but not the results of a task', async () => {
    await using sandbox = await openSandbox();
    const source = await sandbox.makeTask({
      script: { diff: 'print(1)' },
      container: { image: 'an image' },
      hyperparams: { properties: { num_nodes: property('num_nodes', '2') } },
      runtime: { a: 1 },
      system_tags: ['development', 'mine'],
    });
    await sandbox.ok('tasks.add_or_update_artifacts', { task: source, artifacts: [{ key: 'out', type: 'file' }] });
    await sandbox.ok('tasks.enqueue', { task: source });
    const { id } = await sandbox.ok('tasks.clone', { task: source, new_task_name: 'the clone' });
    const clone = await sandbox.task(String(id));
    expect(clone).to.deep.include({
      name: 'the clone',
      status: 'created',
      parent: source,
      container: { image: 'an image' },
      hyperparams: { properties: { num_nodes: property('num_nodes', '2') } },
      runtime: {},
      system_tags: ['mine'],
      execution: { artifacts: [] },
    });
    expect(clone['script']).to.include({ diff: 'print(1)' });
  });
});

describe('tasks.edit_hyper_params of the sandbox server', () => {
  it('sets a user property of a queued task, and keeps last_update', async () => {
    const clock = createManualClock();
    await using sandbox = await openSandbox({ clock });
    const task = await sandbox.makeQueued(await sandbox.makeQueue('cpu'));
    const { last_update: before } = await sandbox.task(task);
    clock.advance(1000);
    await sandbox.ok('tasks.edit_hyper_params', { task, hyperparams: [property('a', '1')] });
    await sandbox.ok('tasks.edit_hyper_params', {
      task,
      hyperparams: [{ ...property('b', '2'), section: 'Properties' }],
    });
    const { hyperparams, last_update: after } = await sandbox.task(task);
    expect(hyperparams).to.deep.equal({ properties: { a: property('a', '1'), b: property('b', '2') } });
    expect(after).to.equal(before);
  });

  it('rejects a parameter in the section "Args" of a queued task', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.makeQueued(await sandbox.makeQueue('cpu'));
    const hyperparams = [property('a', '1'), { section: 'Args', name: 'lr', value: '0.1' }];
    expect((await sandbox.call('tasks.edit_hyper_params', { task, hyperparams })).result).to.equal('400/110');
  });

  it('rejects a user property whose value is not text', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.makeTask();
    const hyperparams = [{ section: 'properties', name: 'a', value: 1 }];
    expect((await sandbox.call('tasks.edit_hyper_params', { task, hyperparams })).result).to.equal('400/12');
  });
});

describe('tasks.edit_hyper_params and tasks.delete_hyper_params of the sandbox server', () => {
  it('add, replace and delete single parameters or whole sections', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.makeTask();
    const arg = (section: string, name: string): Record<string, string> => ({ section, name, value: '1' });
    const edit = (replace: string, ...hyperparams: Record<string, string>[]): Promise<unknown> =>
      sandbox.ok('tasks.edit_hyper_params', { task, hyperparams, replace_hyperparams: replace });
    const names = async (): Promise<string> => {
      const { params } = await sandbox.ok('tasks.get_hyper_params', { tasks: [task] });
      const [of] = z.array(z.object({ hyperparams: z.array(Parameter) })).parse(params);
      return (of?.hyperparams ?? []).map(({ section, name }) => `${section}.${name}`).join(' ');
    };
    await edit('none', arg('A', 'x'), arg('B', 'x'));
    await edit('none', arg('A', 'y'));
    expect(await names()).to.equal('A.x A.y B.x');
    await edit('section', arg('A', 'z'));
    expect(await names()).to.equal('A.z B.x');
    await edit('all', arg('C', 'x'), arg('C', 'y'));
    expect(await names()).to.equal('C.x C.y');
    await sandbox.ok('tasks.delete_hyper_params', { task, hyperparams: [{ section: 'C', name: 'x' }] });
    expect(await names()).to.equal('C.y');
    await sandbox.ok('tasks.delete_hyper_params', { task, hyperparams: [{ section: 'C' }] });
    expect(await names()).to.equal('');
  });
});

describe('task artifacts of the sandbox server', () => {
  it('need unique keys, and cannot be added to a completed task', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.makeTask();
    const add = (key: string, uri: string): Record<string, unknown> => ({
      task,
      artifacts: [{ key, type: 'file', uri }],
    });
    await sandbox.ok('tasks.add_or_update_artifacts', add('b', 'one'));
    await sandbox.ok('tasks.add_or_update_artifacts', add('a', 'two'));
    await sandbox.ok('tasks.add_or_update_artifacts', add('b', 'three'));
    const { artifacts } = (await sandbox.task(task)).execution;
    const uris = z
      .array(Artifact)
      .parse(artifacts)
      .map(({ key, uri }) => `${key}=${uri}`);
    expect(uris).to.deep.equal(['a=two', 'b=three']);
    await sandbox.ok('tasks.started', { task });
    await sandbox.ok('tasks.completed', { task });
    expect((await sandbox.call('tasks.add_or_update_artifacts', add('c', 'late'))).result).to.equal('400/110');
  });
});

describe('tasks.get_all of the sandbox server', () => {
  it('returns a hidden task only by id or with search_hidden', async () => {
    await using sandbox = await openSandbox();
    const task = await sandbox.makeTask({ system_tags: ['hidden'] });
    const found = async (body: Record<string, unknown>): Promise<unknown> =>
      (await sandbox.ok('tasks.get_all', { ...body, only_fields: ['id'] }))['tasks'];
    expect(await found({})).to.deep.equal([]);
    expect(await found({ search_hidden: true })).to.deep.equal([{ id: task }]);
    expect(await found({ id: task })).to.deep.equal([{ id: task }]);
  });

  it('also returns the names of project, user and queue if called as tasks.get_all_ex', async () => {
    await using sandbox = await openSandbox();
    const { id: project } = await sandbox.ok('projects.create', { name: 'some/where' });
    const task = await sandbox.makeTask({ project });
    await sandbox.ok('tasks.enqueue', { task });
    const { tasks } = await sandbox.ok('tasks.get_all_ex', {
      id: [task],
      only_fields: ['project.name', 'user.name', 'execution.queue.name'],
    });
    expect(tasks).to.deep.equal([
      { project: { name: 'some/where' }, user: { name: 'Sandbox User' }, execution: { queue: { name: 'default' } } },
    ]);
  });
});

describe('a project of the sandbox server', () => {
  it('is created together with a missing parent project', async () => {
    await using sandbox = await openSandbox();
    const { id } = await sandbox.ok('projects.create', { name: 'first/second' });
    const { project } = await sandbox.ok('projects.get_by_id', { project: id });
    const { projects } = await sandbox.ok('projects.get_all', { name: '^first$', only_fields: ['id'] });
    const [first] = z.array(z.object({ id: z.string() })).parse(projects);
    expect(project).to.have.property('parent', first?.id);
    expect((await sandbox.call('projects.create', { name: 'first/second' })).result).to.equal('400/801');
    expect((await sandbox.call('projects.get_by_id', { project: 'gone' })).result).to.equal('400/401');
  });
});

describe('users.get_current_user of the sandbox server', () => {
  it('returns the user who owns new tasks', async () => {
    await using sandbox = await openSandbox();
    const { user } = await sandbox.task(await sandbox.makeTask());
    expect(await sandbox.ok('users.get_by_id', { user })).to.have.nested.property('user.name', 'Sandbox User');
    expect(await sandbox.ok('users.get_current_user')).to.have.nested.property('user.id', user);
    expect((await sandbox.call('users.get_by_id', { user: 'nobody' })).result).to.equal('400/301');
  });
});
