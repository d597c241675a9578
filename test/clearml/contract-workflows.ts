// The part of the contract that the SDK's pipelines and hyperparameter searches rely on.
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import * as z from 'zod';
import type { TaskId } from '../../src/clearml/ids.ts';
import { waitUntil } from '../support/wait-until.ts';
import type { ContractTestBed } from './contract-test-bed.ts';

const Tasks = z.object({ tasks: z.tuple([z.looseObject({ last_metrics: z.unknown() })]) });
const Page = z.object({
  events: z.array(z.object({ iter: z.number() })),
  total: z.number(),
  scroll_id: z.string(),
});
const Found = z.object({ tasks: z.array(z.object({ id: z.string() })) });

export function defineWorkflowContract(testBed: () => ContractTestBed): void {
  function hash(name: string): string {
    return createHash('md5').update(name).digest('hex');
  }

  async function report(task: TaskId, values: readonly (readonly [iteration: number, value: number])[]): Promise<void> {
    for (const [iter, value] of values) {
      const point = { type: 'training_stats_scalar', task, metric: 'loss', variant: 'of $x.y', iter, value };
      await testBed().raw.call('events.add', point);
    }
  }

  describe('the scalars of a task', () => {
    it('are stored with the last, lowest and highest value under the MD5 hash of the name', async () => {
      const task = await testBed().raw.createTask();
      await report(task, [
        [0, 3],
        [1, 0.5],
        [2, 2],
      ]);

      const only_fields = [`last_metrics.${hash('loss')}.${hash('of $x.y')}`];
      const read = await testBed().raw.call('tasks.get_all', { id: [task], only_fields });

      const [{ last_metrics: metrics }] = Tasks.parse(read).tasks;
      expect(metrics)
        .to.have.nested.property(`${hash('loss')}.${hash('of $x.y')}`)
        .that.deep.includes({ metric: 'loss', variant: 'of $x.y', value: 2, count: 3, mean_value: 1.83 })
        .and.deep.includes({ first_value: 3, min_value: 0.5, max_value: 3 })
        .and.deep.includes({ first_value_iteration: 0, min_value_iteration: 1, max_value_iteration: 0 });
    });

    it('can be used to sort and filter the tasks of a query', async () => {
      const { raw } = testBed();
      const [low, high] = [await raw.createTask(), await raw.createTask()];
      await report(low, [[0, 1]]);
      await report(high, [[0, 2]]);
      const field = `last_metrics.${hash('loss')}.${hash('of $x.y')}.value`;
      const find = async (more: object): Promise<string[]> =>
        Found.parse(await raw.call('tasks.get_all', { id: [low, high], only_fields: ['id'], ...more })).tasks.map(
          ({ id }) => id,
        );

      expect(await find({ order_by: [`-${field}`] })).to.deep.equal([high, low]);
      expect(await find({ order_by: [field] })).to.deep.equal([low, high]);
      expect(await find({ [field]: [1.5, null] })).to.deep.equal([high]);
    });

    it('are returned as curves with x and y values', async () => {
      const task = await testBed().raw.createTask();
      await report(task, [
        [2, 2],
        [0, 3],
        [1, 0.5],
      ]);
      const read = async (more: object = {}): Promise<unknown> =>
        testBed().raw.call('events.scalar_metrics_iter_histogram', { task, ...more });
      const curve = { name: 'of $x.y', x: [0, 1, 2], y: [3, 0.5, 2] };

      await waitUntil('the server to show all points', async () => JSON.stringify(await read()).includes('[0,1,2]'));

      expect(await read()).to.deep.equal({ loss: { 'of $x.y': curve } });
      expect(await read({ metrics: [{ metric: 'accuracy' }] })).to.deep.equal({});
    });
  });

  describe('the plots of a task', () => {
    it('are returned page by page', async () => {
      const { raw, client } = testBed();
      const task = await raw.createTask();
      const read = async (more: object = {}): Promise<z.infer<typeof Page>> =>
        Page.parse(await raw.call('events.get_task_events', { task, event_type: 'plot', batch_size: 1, ...more }));
      await client.events.log(task, 'slurm:c1', [{ level: 'INFO', text: 'a line' }]);
      expect(await read()).to.deep.include({ events: [], total: 0 });
      for (const iter of [2, 1])
        await raw.call('events.add', { type: 'plot', task, metric: 'm', variant: 'v', iter, plot_str: '{}' });

      const first = await waitUntil('the plots', async () => {
        const page = await read();
        return page.total === 2 && page;
      });

      const second = await read({ scroll_id: first.scroll_id });
      const last = await read({ scroll_id: second.scroll_id });
      expect([first, second, last].map(({ events }) => events.map(({ iter }) => iter))).to.deep.equal([[1], [2], []]);
    });
  });

  describe('a task of a pipeline', () => {
    it('is created with an empty list of artifacts', async () => {
      const { raw } = testBed();
      const task = await raw.createTask();
      const read = await raw.call('tasks.get_by_id', { task });
      expect(read).to.have.nested.property('task.execution.artifacts').that.deep.equals([]);
    });

    it('is found by its pipeline_job_hash after it has completed', async () => {
      const { raw, uniqueName } = testBed();
      const [key, task] = [uniqueName(), await raw.createTask()];
      await raw.call('tasks.edit', { task, force: true, runtime: { pipeline_job_hash: key } });
      const find = async (): Promise<unknown> => {
        const _all_ = { fields: ['runtime.pipeline_job_hash'], pattern: `^${key}$` };
        const body = { status: ['completed', 'published'], system_tags: ['-archived'], _all_, only_fields: ['id'] };
        return Found.parse(await raw.call('tasks.get_all', body)).tasks;
      };
      expect(await find()).to.deep.equal([]);

      await raw.call('tasks.completed', { task, force: true });

      expect(await find()).to.deep.equal([{ id: task }]);
    });
  });

  describe('a project', () => {
    it('accepts new system tags and a new description, but no new parent', async () => {
      const { raw, uniqueName } = testBed();
      const name = uniqueName();
      const project = await raw.createProject(name);

      const changed = await raw.call('projects.update', { project, system_tags: ['pipeline'], description: 'steps' });

      expect(changed).to.have.property('updated', 1);
      const read = await raw.call('projects.get_by_id', { project });
      expect(read).to.have.property('project').that.includes({ name, description: 'steps' });
      expect(read).to.have.nested.property('project.system_tags').that.deep.equals(['pipeline']);
      const move = raw.call('projects.update', { project, name: `elsewhere/${name}` });
      await move.then(
        () => expect.fail('the project was moved'),
        (error: unknown) => expect(String(error)).to.match(/cannot update project location/i),
      );
    });
  });
}
