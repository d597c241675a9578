// The real clearml-agent and the real SDK with the sandbox: if they accept it as a server, other clients can too.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { agentPython, requireAgent } from '../support/skip-unless.ts';
import { defineAgentContract, EXECUTE } from './agent-contract.ts';
import { openAgentTestBed } from './agent-test-bed.ts';

describe('the real clearml-agent on the sandbox server', () => {
  before(requireAgent);

  defineAgentContract(agentPython);

  it('runs a queued task in daemon mode', async () => {
    await using testBed = await openAgentTestBed(agentPython());
    const daemon = ['daemon', '--foreground', '--create-queue', '--queue', 'default', 'brand new'];
    testBed.start('clearml-agent', ...daemon);
    const serves = async (): Promise<boolean> =>
      JSON.stringify(await testBed.sandbox.ok('workers.get_all')).includes('"name":"brand new"');
    await testBed.until('the daemon to register', serves);
    const task = await testBed.enqueue(await testBed.makeTask('print("pulled")'));
    await testBed.untilStatus(task, 'completed');
    expect(await testBed.console(task)).to.contain('pulled from');
  });
});

describe('the real clearml SDK on the sandbox server', () => {
  before(requireAgent);

  it('reports parameters, properties, scalars and an artifact of a local run', async () => {
    await using testBed = await openAgentTestBed(agentPython());
    const { code, output } = await testBed.python(`
from clearml import Task
task = Task.init('a project/inside', 'a local run', auto_connect_frameworks=False, auto_resource_monitoring=False)
task.connect({'lr': 0.1})
task.set_user_properties(num_nodes=2)
task.get_logger().report_scalar('loss', 'train', iteration=5, value=0.5)
task.get_logger().report_text('a line of text')
task.upload_artifact('an artifact', {'a': 1}, wait_on_upload=True)
task.close()
print('id is', task.id)
`);
    expect(code, output).to.equal(0);
    const id = /id is ([0-9a-f]{32})/.exec(output)?.[1] ?? '';
    const task = await testBed.sandbox.task(id);
    expect(task).to.include({ status: 'completed', last_iteration: 5 });
    expect(task).to.have.nested.property('hyperparams.General.lr.value', '0.1');
    expect(task).to.have.nested.property('hyperparams.properties.num_nodes.value', '2');
    expect(task).to.have.nested.property('execution.artifacts[0].key', 'an artifact');
    expect(await testBed.console(id)).to.contain('a line of text');
  });

  it('creates, clones, enqueues and finds tasks', async () => {
    await using testBed = await openAgentTestBed(agentPython());
    const { code, output } = await testBed.python(`
from clearml import Task
open('train.py', 'w').write('print(1)')
task = Task.create('a project', 'made by the SDK', script='train.py', add_task_init_call=False)
clone = Task.clone(task, name='the clone')
for one in (task, clone):
    Task.enqueue(one, queue_name='default')
queued = Task.query_tasks(project_name='a project', task_filter={'status': ['queued']})
print('found', sorted(queued) == sorted([task.id, clone.id]))
print('status', task.get_status(), Task.get_task(task_name='the clone', project_name='a project').status)
`);
    expect(code, output).to.equal(0);
    expect(output).to.contain('found True').and.to.contain('status queued queued');
    const { id: queue } = await testBed.sandbox.ok('queues.get_default');
    expect(await testBed.sandbox.entriesOf(String(queue))).to.have.lengthOf(2);
  });

  it('sends a local run to a queue by execute_remotely', async () => {
    await using testBed = await openAgentTestBed(agentPython());
    const { output } = await testBed.python(`
from clearml import Task
task = Task.init('a project', 'a run sent away', auto_connect_frameworks=False, auto_resource_monitoring=False)
print('id is', task.id, flush=True)
task.execute_remotely(queue_name='default')
print('now on the other side')
`);
    const id = /id is ([0-9a-f]{32})/.exec(output)?.[1] ?? '';
    expect(output).not.to.contain('now on the other side');
    expect(await testBed.sandbox.statusOf(id)).to.equal('queued');
    expect(await testBed.start('python', ...EXECUTE, id).ended).to.include({ code: 0 });
    expect(await testBed.sandbox.statusOf(id)).to.equal('completed');
    expect(await testBed.console(id)).to.contain('now on the other side');
  });

  it('enqueues a script with clearml-task', async () => {
    await using testBed = await openAgentTestBed(agentPython());
    await writeFile(join(testBed.folder, 'train.py'), 'print(1)');
    const options = [
      '--project',
      'a project',
      '--name',
      'by the command',
      '--script',
      'train.py',
      '--queue',
      'default',
    ];
    const { code, output } = await testBed.start('clearml-task', ...options, '--packages', 'clearml').ended;
    expect(code, output).to.equal(0);
    const { tasks } = await testBed.sandbox.ok('tasks.get_all', { name: '^by the command$', only_fields: ['status'] });
    expect(tasks).to.deep.equal([{ status: 'queued' }]);
  });
});
