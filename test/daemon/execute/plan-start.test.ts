// Tests how `execute` starts a task, by its status and the place of its queue entry.
import { expect } from 'chai';
import { planStart, planNext, type TaskState } from '../../../src/daemon/execute/plan-start.ts';
import type { Task } from '../../../src/clearml/task.ts';
import { OTHER_QUEUE, OWN_QUEUE } from '../../simulation/queues.ts';

function standing(
  task: Partial<Task>,
  { place = 'nowhere', hasJob = false, isKnown = false }: Partial<TaskState> = {},
): TaskState {
  return { task: { archived: false, executionQueue: OWN_QUEUE, ...task } as Task, place, hasJob, isKnown };
}

describe('starting one task', () => {
  for (const status of ['created', 'stopped', 'failed'] as const) {
    it(`is enqueued when it is ${status}`, () => {
      expect(planStart(standing({ status }), OWN_QUEUE)).to.deep.equal({ do: 'enqueue' });
    });
  }

  for (const status of ['completed', 'closed', 'publishing', 'published', 'unknown'] as const) {
    it(`is refused when it is ${status}, with advice`, () => {
      expect(planStart(standing({ status }), OWN_QUEUE))
        .to.have.property('why')
        .that.matches(new RegExp(`it is ${status}: .*--clone`));
    });
  }

  it('is refused when it is archived, whatever its status', () => {
    expect(planStart(standing({ status: 'created', archived: true }), OWN_QUEUE).do).to.equal('refuse');
  });

  for (const [what, place, more, begins] of [
    ['our queue', 'own queue', {}, 'claim'],
    ['the scheduler queue', 'parked', {}, 'watch'],
    ['our queue, with an old live job', 'own queue', { hasJob: true }, 'watch'],
    ['no queue, so that another daemon may hold it', 'nowhere', {}, 'watch'],
    ['another queue by its entry', 'another queue', {}, 'enqueue'],
  ] as const) {
    it(`queued in ${what}: ${begins}`, () => {
      expect(planStart(standing({ status: 'queued' }, { place, ...more }), OWN_QUEUE).do).to.equal(begins);
    });
  }

  it('is moved if it is queued in another queue', () => {
    const elsewhere = standing({ status: 'queued', executionQueue: OTHER_QUEUE });
    expect(planStart(elsewhere, OWN_QUEUE)).to.deep.equal({ do: 'enqueue' });
  });

  it('is watched if it runs, or if the journal of an earlier call has it', () => {
    expect(planStart(standing({ status: 'in_progress' }), OWN_QUEUE)).to.deep.equal({ do: 'watch' });
    expect(planStart(standing({ status: 'failed' }, { isKnown: true }), OWN_QUEUE)).to.deep.equal({ do: 'watch' });
  });

  it('is enqueued if it was reset since an earlier call', () => {
    expect(planStart(standing({ status: 'created' }, { isKnown: true }), OWN_QUEUE)).to.deep.equal({ do: 'enqueue' });
  });

  it('is claimed whenever it waits in our queue, watched if another daemon has it, and over in every other state', () => {
    const next = (task: Partial<Task> | undefined): string => planNext(task as Task | undefined, OWN_QUEUE);
    expect(next({ status: 'queued', executionQueue: OWN_QUEUE })).to.equal('claim');
    expect(next({ status: 'queued', executionQueue: OTHER_QUEUE })).to.equal('watch');
    expect(next({ status: 'in_progress' })).to.equal('watch');
    for (const status of ['created', 'stopped', 'failed', 'completed', 'published'] as const)
      expect(next({ status }), status).to.equal('over');
    expect(next(undefined), 'deleted').to.equal('over');
  });
});
