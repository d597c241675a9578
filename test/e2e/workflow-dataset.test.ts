// The example of a dataset: a training that sends itself to a queue, and its clone, read one copy of the dataset on their node.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { requireAgent, requireSandbox, requireSlurm } from '../support/skip-unless.ts';
import { idIn, startWorkflowBed, type WorkflowBed } from './workflow-bed.ts';

describe('a ClearML dataset', () => {
  let bed: WorkflowBed;
  let example: string;

  before(requireAgent);
  before(requireSlurm);
  before(requireSandbox);
  before(async () => {
    bed = await startWorkflowBed('dataset');
    example = join(bed.world.folder, 'example');
    // The node's scratch directory is in the directory of the test.
    const template = join(example, 'dataset.template');
    const text = await readFile(template, 'utf8');
    await writeFile(template, text.replace('/scratch/$SLURM_JOB_USER', join(bed.world.folder, 'scratch')));
    await mkdir(join(example, 'rows'));
    await writeFile(join(example, 'rows/one.csv'), '1,4\n2,7\n');
    await bed.serve({ cpu: 'dataset.template' });
    await bed.run('clearml-data', 'create', '--project', 'lab', '--name', 'rows');
    await bed.run('clearml-data', 'add', '--files', 'rows');
    await bed.run('clearml-data', 'close');
  });
  after(() => bed[Symbol.asyncDispose]());

  it('is read by a task that enqueues itself, and by an edited clone of the task', async () => {
    const { user, folder, nameOf } = bed.world;
    const cache = join(folder, 'scratch/clearml');
    const task = idIn(await bed.run('python', 'train.py', '--queue', nameOf('cpu')));

    expect(await bed.untilCompleted(task)).to.include(`The total is 11.0 from ${cache}/`);
    await bed.world.untilConsole(task, 'ended COMPLETED');

    // As in the web page: Clone, edit an argument, Enqueue.
    const { id: clone } = await user.api('tasks.clone', { task, new_task_name: 'scaled' });
    const scale = { section: 'Args', name: 'scale', value: '2' };
    await user.api('tasks.edit_hyper_params', { task: clone, hyperparams: [scale] });
    await user.enqueue(String(clone), await user.makeQueue('cpu'));

    expect(await bed.untilCompleted(String(clone))).to.include(`The total is 22.0 from ${cache}/`);
    const read = `import clearml; print(clearml.Task.get_task('${String(clone)}').artifacts['total'].get())`;
    expect(await bed.run('python', '-c', read)).to.include("{'total': 22.0}");
  });
});
