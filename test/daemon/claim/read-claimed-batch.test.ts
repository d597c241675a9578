// Tests which calls to ClearML the tasks that are claimed together share, and that none of them depends on the others.
import { expect } from 'chai';
import { setImmediate as turn } from 'node:timers/promises';
import { createBackoff } from '../../../src/daemon/submit/submission-backoff.ts';
import { createTaskClaimer } from '../../../src/daemon/claim/claim-tasks.ts';
import { createSubmissionPool, type SubmissionPool } from '../../../src/daemon/submit/submission-pool.ts';
import { claimOnce, createClaims } from '../run-daemon.ts';
import { createStepFixture, taskNumber, type StepFixture } from '../step-fixture.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';

const go = new AbortController().signal;

/** The calls by endpoint. */
function countCalls({ calls }: StepFixture): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const label of calls) {
    const [endpoint = ''] = label.split(' ');
    counts[endpoint] = (counts[endpoint] ?? 0) + 1;
  }
  return counts;
}

describe('a daemon that claims several tasks in one batch', () => {
  it('reads 10 parked tasks with one call, and writes their console lines with one call', async () => {
    const fixture = createStepFixture();
    for (let number = 1; number <= 10; number += 1) await fixture.enqueued(number);
    fixture.calls.length = 0;

    expect(await claimOnce(fixture)).to.equal(10);

    const counts = countCalls(fixture);
    expect(counts).to.include({
      'queues.get_next_task': 10,
      'queues.add_task': 10,
      'tasks.get_all': 1,
      'tasks.edit_hyper_params': 10,
      'events.add_batch': 1,
    });
    expect(counts).not.to.have.property('tasks.get_by_id');
    const endpoints = fixture.calls.map((label) => label.split(' ')[0]);
    expect(endpoints.indexOf('tasks.get_all')).to.be.greaterThan(endpoints.lastIndexOf('queues.add_task'));
    for (let number = 1; number <= 10; number += 1)
      expect(fixture.consoleOf(taskNumber(number)), `of task ${number}`).to.have.length(2);
  });

  it('does not submit a task that a user aborts before the last task of the batch is parked (C-04)', async () => {
    const fixture = createStepFixture();
    const tasks = [await fixture.enqueued(1), await fixture.enqueued(2), await fixture.enqueued(3)];
    fixture.fate = ({ endpoint, task }) => {
      if (endpoint === 'queues.add_task' && task === tasks[2])
        void fixture.server.call('tasks.stop', { task: tasks[0] });
      return undefined;
    };

    expect(await claimOnce(fixture)).to.equal(3);

    expect(fixture.cluster.jobs.map(({ task }) => task)).to.have.members(tasks.slice(1));
    expect(fixture.waiting(SCHEDULER_QUEUE)).to.have.members([2, 3]);
    expect(fixture.deps.journal.entries.has(tasks[0] ?? taskNumber(1))).to.equal(false);
  });

  for (const [what, garbled] of [
    ['lacks one of the tasks', (rows: unknown[]): unknown[] => rows.slice(1)],
    ['contains one task twice', (rows: unknown[]): unknown[] => [...rows, rows[0]]],
    ['contains no list of tasks', (): unknown => 'no list'],
  ] as const)
    it(`submits all three tasks even if the response to tasks.get_all ${what}`, async () => {
      const fixture = createStepFixture();
      for (let number = 1; number <= 3; number += 1) await fixture.enqueued(number);
      fixture.server.garble = (endpoint, answer) =>
        endpoint === 'tasks.get_all' ? { ...answer, tasks: garbled(answer['tasks'] as unknown[]) } : answer;

      await claimOnce(fixture);

      expect(fixture.cluster.jobs).to.have.length(3);
    });

  it('reads the tasks one by one if the response to tasks.get_all is lost', async () => {
    const fixture = createStepFixture();
    for (let number = 1; number <= 3; number += 1) await fixture.enqueued(number);
    fixture.fate = ({ endpoint }) => (endpoint === 'tasks.get_all' ? 'answer lost' : undefined);

    await claimOnce(fixture);

    expect(fixture.cluster.jobs).to.have.length(3);
    expect(countCalls(fixture)).to.include({ 'tasks.get_all': 1, 'tasks.get_by_id': 3 });
  });

  it('submits the other two tasks if one of three tasks cannot be parked', async () => {
    const fixture = createStepFixture();
    const tasks = [await fixture.enqueued(1), await fixture.enqueued(2), await fixture.enqueued(3)];
    fixture.fate = ({ endpoint, task }) =>
      endpoint === 'queues.add_task' && task === tasks[1] ? 'not made' : undefined;

    await claimOnce(fixture);

    expect(fixture.cluster.jobs.map(({ task }) => task)).to.have.members([tasks[0], tasks[2]]);
    expect(fixture.deps.journal.entries.get(tasks[1] ?? taskNumber(2))?.step).to.equal('parking');
  });

  it('submits the other two tasks without delay if the submission pool rejects one of three tasks', async () => {
    const fixture = createStepFixture();
    const tasks = [await fixture.enqueued(1), await fixture.enqueued(2), await fixture.enqueued(3)];
    const backoff = createBackoff(() => 1);
    const whole = createSubmissionPool(fixture.deps, backoff);
    const pool: SubmissionPool = {
      ...whole,
      start: (entry, submission) => entry.task !== tasks[1] && whole.start(entry, submission),
    };

    const until = fixture.clock.now() + 60_000;
    await createTaskClaimer(fixture.deps, pool, backoff).claimTasks(await fixture.poll(), { until, signal: go });
    while (fixture.deps.busy.size > 0) await turn();

    expect(fixture.cluster.jobs.map(({ task }) => task)).to.have.members([tasks[0], tasks[2]]);
    expect(fixture.deps.journal.entries.get(tasks[1] ?? taskNumber(2))?.step).to.equal('claiming');
  });

  it('submits the parked tasks after two seconds if parking another task of the batch takes longer', async () => {
    const fixture = createStepFixture();
    const tasks = [await fixture.enqueued(1), await fixture.enqueued(2), await fixture.enqueued(3)];
    fixture.fate = ({ endpoint, task }) =>
      endpoint === 'queues.add_task' && task === tasks[1] ? 'never answered' : undefined;
    const until = fixture.clock.now() + 60_000;
    await createClaims(fixture.deps).claimer.claimTasks(await fixture.poll(), { until, signal: go });
    while (fixture.clock.nextWakeAt() === undefined) await turn();
    expect(fixture.cluster.jobs).to.have.length(0);
    fixture.clock.pass(2_000);
    while (fixture.deps.busy.size > 1) await turn();

    expect(fixture.cluster.jobs.map(({ task }) => task)).to.have.members([tasks[0], tasks[2]]);
  });

  it('claims only one task after backpressure, and a whole batch once Slurm accepts a job', async () => {
    const fixture = createStepFixture();
    for (let number = 1; number <= 6; number += 1) await fixture.enqueued(number);
    const { claimer, pool } = createClaims(fixture.deps);
    const claimAll = async (): Promise<number> => {
      const until = fixture.clock.now() + 60_000;
      const claimed = await claimer.claimTasks(await fixture.poll(), { until, signal: go });
      await pool.finish();
      return claimed;
    };
    fixture.fate = ({ kind }) => {
      if (kind === 'sbatch') fixture.cluster.nextFate = 'backpressure';
      return undefined;
    };
    await claimAll();
    fixture.clock.pass(600_000);

    expect(await claimAll()).to.equal(1);
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1, 2, 3, 4, 5, 6]);
    fixture.clock.pass(600_000);
    fixture.fate = () => undefined;
    expect(await claimAll()).to.equal(6);
    expect(fixture.cluster.jobs).to.have.length(6);
  });

  it('reads the user and the project of a task only if the template may use them', async () => {
    for (const [usesUser, usesProject, expected] of [
      [true, undefined, ['projects.get_by_id', 'users.get_by_id']],
      [false, true, ['projects.get_by_id']],
      [false, false, []],
    ] as const) {
      const given = createStepFixture();
      const queues = given.deps.queues.map((queue) => ({
        ...queue,
        usesUser,
        ...(usesProject === undefined ? {} : { usesProject }),
      }));
      const fixture = createStepFixture({ queues });
      const task = await fixture.enqueued(1);
      const { id } = await fixture.server.call('projects.create', { name: 'project', description: '' });
      await fixture.server.call('tasks.edit', { task, project: id, force: true });

      await claimOnce(fixture);

      const read = Object.keys(countCalls(fixture)).filter((endpoint) => /^(users|projects)\./.test(endpoint));
      expect(read).to.have.members(expected);
      expect(fixture.cluster.jobs).to.have.length(1);
    }
  });

  it('claims nothing until the rate limit of calls to ClearML permits the calls of the batch (C-38)', async () => {
    let mayBegin = false;
    const asked: number[] = [];
    const serverRateLimit = {
      waitMs(_now: number, calls: number): number {
        asked.push(calls);
        return mayBegin ? 0 : 250;
      },
    };
    const fixture = createStepFixture({ serverRateLimit });
    for (let number = 1; number <= 3; number += 1) await fixture.enqueued(number);

    const round = claimOnce(fixture);
    while (fixture.clock.nextWakeAt() === undefined) await turn();
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1, 2, 3]);
    mayBegin = true;
    fixture.clock.pass(250);

    expect(await round).to.equal(3);
    expect(new Set(asked)).to.deep.equal(new Set([4, 12]));
  });
});
