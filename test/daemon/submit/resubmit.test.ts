// Submitting again: only what is still ours and still waits gets another job, and nothing of the last attempt stays behind.
import { expect } from 'chai';
import type { TaskId } from '../../../src/clearml/ids.ts';
import type { Entry } from '../../../src/daemon/journal/entry.ts';
import type { Glue } from '../../../src/daemon/deps.ts';
import { submitAgain } from '../../../src/daemon/submit/resubmit.ts';
import { TemplateError } from '../../../src/template/errors.ts';
import { createDesk, type Desk } from '../desk.ts';
import { OTHER_QUEUE, OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';
import { attempt, entryOf } from '../sightings.ts';

const WHY = 'Slurm job 7 is no longer known to Slurm';

/** A parked task whose first job came to nothing. */
async function parked(desk: Desk): Promise<{ task: TaskId; entry: Entry }> {
  const task = await desk.enqueued(1);
  await desk.server.call('queues.get_next_task', { queue: OWN_QUEUE });
  await desk.server.call('queues.add_task', { queue: SCHEDULER_QUEUE, task, update_execution_queue: false });
  const entry = entryOf({ task, queue: OWN_QUEUE, queueName: 'own' });
  await desk.glue.journal.write(entry);
  return { task, entry };
}

describe('submitting again', () => {
  it('makes a job of another name, counts it, and tells why in the console and in the log', async () => {
    const desk = createDesk();
    const { task, entry } = await parked(desk);

    expect(await submitAgain(desk.glue, entry, WHY)).to.equal('accepted');

    const [job] = desk.cluster.jobs;
    expect(job?.name)
      .to.match(new RegExp(`^clearml_task_${task}-`))
      .and.not.include(attempt(1));
    expect(desk.glue.journal.entries.get(task)).to.include({ step: 'following', attempts: 2, jobId: job?.id });
    expect(desk.said(task)).to.deep.equal([`Submitted as Slurm job 1 to cluster "c1" (attempt 2): ${WHY}.`]);
    expect(desk.facts.get('info: Submitting again')).to.deep.equal({ task, queue: 'own', why: WHY });
  });

  it('takes the file of the last attempt away before the next one is written', async () => {
    const desk = createDesk();
    const { entry } = await parked(desk);
    const ran: string[] = [];
    const glue: Glue = {
      ...desk.glue,
      host: {
        ...desk.glue.host,
        run(command) {
          ran.push([command.program, ...command.args].join(' '));
          return desk.glue.host.run(command);
        },
      },
    };

    await submitAgain(glue, entry, WHY);

    const [first = ''] = ran;
    expect(ran).to.have.length(2);
    expect(first).to.match(/^rm .*attempt1/);
  });

  for (const [what, endpoint, more] of [
    ['aborted', 'tasks.stop', {}],
    ['deleted', 'tasks.delete', { force: true }],
    ['enqueued elsewhere', 'tasks.enqueue', { queue: OTHER_QUEUE }],
  ] as const) {
    it(`makes no job for a task that was ${what} meanwhile`, async () => {
      const desk = createDesk();
      const { task, entry } = await parked(desk);
      await desk.server.call(endpoint, { task, ...more });

      expect(await submitAgain(desk.glue, entry, WHY)).to.equal('none');

      expect(desk.cluster.jobs).to.deep.equal([]);
      expect(desk.glue.journal.entries.get(task)).to.deep.equal(entry);
      expect(desk.logged).to.deep.equal([]);
    });
  }

  it('gives a task back whose queue this daemon no longer serves, whatever else it serves', async () => {
    const { glue: usual } = createDesk();
    const desk = createDesk({ queues: usual.queues.map((queue) => ({ ...queue, id: OTHER_QUEUE, name: 'other' })) });
    const { task, entry } = await parked(desk);

    expect(await submitAgain(desk.glue, entry, WHY)).to.equal('none');

    expect(desk.waiting(OWN_QUEUE)).to.deep.equal([1]);
    expect(desk.waiting(SCHEDULER_QUEUE)).to.deep.equal([]);
    expect(desk.said(task)).to.deep.equal([
      `Back at the front of queue "own": ${WHY}, and this daemon no longer serves\n  the queue.`,
    ]);
  });

  it('leaves a task of a queue that is no longer served to the job that has taken its entry', async () => {
    const desk = createDesk({ queues: [] });
    const { task, entry } = await parked(desk);
    await desk.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });

    expect(await submitAgain(desk.glue, entry, WHY)).to.equal('none');

    expect(desk.waiting(OWN_QUEUE)).to.deep.equal([]);
    expect(desk.glue.journal.entries.has(task)).to.equal(true);
  });

  it('fails a task that does not fit its template any more, and leaves no entry', async () => {
    const { glue } = createDesk();
    const render = (): never => {
      throw new TemplateError('a.template', 2, 1, 'no value');
    };
    const desk = createDesk({
      queues: glue.queues.map((queue) => ({ ...queue, template: { ...queue.template, render } })),
    });
    const { task, entry } = await parked(desk);

    expect(await submitAgain(desk.glue, entry, WHY)).to.equal('none');

    expect(await desk.read(task)).to.include({ status: 'failed', statusReason: 'template' });
    expect(desk.waiting(SCHEDULER_QUEUE)).to.deep.equal([]);
    expect(desk.glue.journal.entries.size).to.equal(0);
  });
});
