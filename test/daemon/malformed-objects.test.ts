// Tests that one malformed object of the server affects no other task, and is no evidence of anything.
import { expect } from 'chai';
import type { TaskId } from '../../src/clearml/ids.ts';
import type { Fields } from '../../src/sandbox/requests/endpoint.ts';
import { runFor } from './run-daemon.ts';
import { createStepFixture, type StepFixture } from './step-fixture.ts';
import { OTHER_QUEUE, OWN_QUEUE, SCHEDULER_QUEUE } from '../simulation/queues.ts';

/** Texts that `queues.add_task` accepts as a task id, in the real server (apiserver/bll/queue/queue_bll.py) and in the sandbox. */
const NO_TASKS = [
  '',
  ' ',
  '/../../etc/passwd',
  `../${'a'.repeat(32)}`,
  'A'.repeat(32),
  'x'.repeat(10_000),
  'a; rm -rf ~',
];

/** Starts its job, which removes the task's entry. */
async function begin(fixture: StepFixture, task: TaskId): Promise<void> {
  const job = fixture.cluster.jobs.find((one) => one.task === task) ?? expect.fail('there is no job');
  Object.assign(job, { state: 'RUNNING', startAt: fixture.clock.now() });
  await fixture.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });
  await fixture.server.call('tasks.started', { task, force: true });
  await fixture.server.call('workers.status_report', {
    worker: `${fixture.deps.worker}:${job.id}`,
    task,
    timestamp: fixture.clock.now(),
  });
}

function warnings(fixture: StepFixture): string[] {
  return fixture.logged.filter((line) => /^(warn|error)/.test(line));
}

/** Changes the rows of a list from now on. */
function change(fixture: StepFixture, endpoint: string, rowsOf: string, edit: (row: Fields) => unknown): void {
  fixture.server.garble = (asked, answer) => {
    const rows = answer[rowsOf];
    if (asked !== endpoint || !Array.isArray(rows)) return answer;
    return { ...answer, [rowsOf]: rows.flatMap((row: Fields) => edit(row) ?? []) };
  };
}

describe('with an invalid task id in a queue entry, the daemon', () => {
  for (const [where, queue] of [
    ['an unserved queue', OTHER_QUEUE],
    ['a served queue', OWN_QUEUE],
    ['the scheduler queue', SCHEDULER_QUEUE],
  ] as const) {
    it(`logs the invalid entry in ${where} only once, and submits the other tasks`, async () => {
      const fixture = createStepFixture();
      for (const task of NO_TASKS) await fixture.server.call('queues.add_task', { queue, task });
      const tasks = [await fixture.enqueued(1), await fixture.enqueued(2)];

      await runFor(fixture, 120_000);

      expect(fixture.cluster.jobs.map(({ task }) => task)).to.have.members(tasks);
      expect(fixture.waiting(OWN_QUEUE).filter((number) => number > 0)).to.deep.equal([]);
      expect(warnings(fixture)).to.deep.equal([
        'warn: Skipped an unreadable object in a ClearML response; correct the object on the server',
      ]);
      expect(fixture.facts.get(warnings(fixture)[0] ?? '')).to.include({
        endpoint: 'queues.get_all',
        why: 'its task is "", which is not a task id',
        more: NO_TASKS.length - 1,
      });
    });
  }

  it('leaves the invalid entry in place, and claims the next tasks in order (C-33)', async () => {
    const fixture = createStepFixture();
    const first = await fixture.enqueued(1);
    await fixture.server.call('queues.add_task', { queue: OWN_QUEUE, task: '' });
    const later = [await fixture.enqueued(2), await fixture.enqueued(3)];

    await runFor(fixture, 60_000);

    expect(fixture.cluster.jobs.map(({ task }) => task)).to.deep.equal([first, ...later]);
    expect(fixture.server.store.queues.get(OWN_QUEUE)?.entries.map(({ task }) => task)).to.deep.equal(['']);
  });

  it('never uses the invalid id in a path, a job name or a script', async () => {
    const fixture = createStepFixture();
    for (const task of NO_TASKS.filter((text) => text !== '')) {
      fixture.server.addTask(task, 'hostile');
      await fixture.server.call('tasks.enqueue', { task, queue: OWN_QUEUE });
      await fixture.server.call('queues.add_task', { queue: SCHEDULER_QUEUE, task, update_execution_queue: false });
    }

    await runFor(fixture, 600_000);

    expect(fixture.cluster.jobs).to.deep.equal([]);
    expect(fixture.deps.journal.entries.size).to.equal(0);
    expect(fixture.calls.filter((call) => /runs|sbatch|scancel/.test(call) && !call.includes('find'))).to.deep.equal(
      [],
    );
  });
});

describe('with a malformed task from ClearML, the daemon', () => {
  const faults: readonly [title: string, fields: Fields][] = [
    ['status is missing', { status: undefined }],
    ['status is an object', { status: { of: 'an object' } }],
    ['status is unknown', { status: 'paused' }],
    ['execution is a text', { execution: 'x' }],
    ['queue id is a list', { execution: { queue: ['x'] } }],
    ['status change has an invalid time', { status_changed: 7 }],
    ['last report has an invalid time', { last_update: 'long ago' }],
    ['id is missing', { id: undefined }],
    ['id is a path', { id: '/../../x' }],
    ['description is a list', { id: undefined, 0: 'x' }],
  ];
  for (const [title, fields] of faults) {
    for (const isBegun of [false, true]) {
      it(`keeps the ${isBegun ? 'running' : 'pending'} job and still tracks another task if the task's ${title}`, async () => {
        const fixture = createStepFixture();
        const [odd, other] = [await fixture.enqueued(1), await fixture.enqueued(2)];
        await runFor(fixture, 30_000);
        if (isBegun) await begin(fixture, odd);
        change(fixture, 'tasks.get_all', 'tasks', (row) => (row['id'] === odd ? { ...row, ...fields } : row));
        await fixture.server.call('tasks.stop', { task: other });

        await runFor(fixture, 600_000);

        expect(fixture.cluster.jobs.map(({ task, state }) => [task, state])).to.deep.equal([
          [odd, isBegun ? 'RUNNING' : 'PENDING'],
          [other, 'CANCELLED'],
        ]);
        expect(fixture.deps.journal.entries.has(odd)).to.equal(true);
        expect(fixture.deps.journal.entries.has(other)).to.equal(false);
        expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal(isBegun ? [] : [1]);
      });
    }
  }

  for (const [title, fields] of [
    ['status', { status: 7 }],
    ['id', { id: 7 }],
  ] as const) {
    it(`tracks the task after the end of its job until the task has a valid ${title} again (C-34)`, async () => {
      const fixture = createStepFixture();
      const odd = await fixture.enqueued(1);
      await runFor(fixture, 30_000);
      await begin(fixture, odd);
      change(fixture, 'tasks.get_all', 'tasks', (row) => ({ ...row, ...fields }));
      for (const job of fixture.cluster.jobs) fixture.cluster.end(job, 'FAILED', 1);

      await runFor(fixture, 200_000);
      expect(fixture.deps.journal.entries.has(odd)).to.equal(true);

      fixture.server.garble = (_endpoint, answer) => answer;
      await runFor(fixture, 200_000);
      expect(fixture.server.store.tasks.get(odd)?.status).to.equal('failed');
      expect(fixture.deps.journal.entries.has(odd)).to.equal(false);
    });
  }

  it('never submits the task with the data of another task', async () => {
    const fixture = createStepFixture();
    const [odd, other] = [await fixture.enqueued(1), await fixture.enqueued(2)];
    fixture.server.garble = (endpoint, answer, body) => {
      const [row, otherRow] = [odd, other].map((task) => fixture.server.store.tasks.get(task));
      // The response about all tasks that are claimed together, in which the task appears with the id of the other.
      if (endpoint === 'tasks.get_all' && !('only_fields' in body)) return { tasks: [otherRow, { ...row, id: other }] };
      return endpoint === 'tasks.get_by_id' && Reflect.get(body, 'task') === odd ? { task: otherRow } : answer;
    };

    await runFor(fixture, 300_000);

    expect(fixture.cluster.jobs.map(({ task }) => task)).to.deep.equal([other]);
  });
});

describe('with a malformed list of queues from ClearML, the daemon', () => {
  const faults: readonly [title: string, edit: (row: Fields) => unknown][] = [
    ['the scheduler queue has no valid id', (row) => (row['id'] === SCHEDULER_QUEUE ? { ...row, id: 7 } : row)],
    [
      'the scheduler queue has no list of entries',
      (row) => (row['id'] === SCHEDULER_QUEUE ? { ...row, entries: null } : row),
    ],
    [
      'the entries of the scheduler queue name no task',
      (row) => (row['id'] === SCHEDULER_QUEUE ? { ...row, entries: [{}, { added: 'x' }] } : row),
    ],
  ];
  for (const [title, edit] of faults) {
    it(`keeps both a pending and a running job if ${title}`, async () => {
      const fixture = createStepFixture();
      const [waits, runs] = [await fixture.enqueued(1), await fixture.enqueued(2)];
      await runFor(fixture, 30_000);
      await begin(fixture, runs);
      change(fixture, 'queues.get_all', 'queues', edit);

      await runFor(fixture, 600_000);

      expect(fixture.cluster.jobs.map(({ task, state }) => [task, state])).to.deep.equal([
        [waits, 'PENDING'],
        [runs, 'RUNNING'],
      ]);
      expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([1]);
      expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([]);
      expect(warnings(fixture).filter((line) => line.includes('deleted'))).to.deep.equal([]);
    });
  }

  it('does not treat a task as an orphan if the entries of another queue are unreadable', async () => {
    const fixture = createStepFixture();
    const task = await fixture.enqueued(1);
    await fixture.server.call('queues.remove_task', { queue: OWN_QUEUE, task });
    await fixture.server.call('queues.add_task', { queue: OTHER_QUEUE, task, update_execution_queue: false });
    change(fixture, 'queues.get_all', 'queues', (row) => (row['id'] === OTHER_QUEUE ? { ...row, entries: [5] } : row));

    await runFor(fixture, 600_000);

    expect(fixture.cluster.jobs).to.deep.equal([]);
    expect(fixture.waiting(OTHER_QUEUE)).to.deep.equal([1]);
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([]);
  });
});

describe('after an invalid response to a claim, the daemon', () => {
  it('claims the next task of the queue, and repeats the failed claim later', async () => {
    const fixture = createStepFixture();
    const [odd, other] = [await fixture.enqueued(1), await fixture.enqueued(2)];
    fixture.server.garble = (endpoint, answer, body) =>
      endpoint === 'queues.get_next_task' && Reflect.get(body, 'task') === odd ? { entry: 'x' } : answer;

    await runFor(fixture, 30_000);

    expect(fixture.cluster.jobs.map(({ task }) => task)).to.deep.equal([other]);
    expect(warnings(fixture)).to.include('warn: Claim failed; continuing with the next task of the queue');

    fixture.server.garble = (_endpoint, answer) => answer;
    await runFor(fixture, 300_000);
    expect(fixture.cluster.jobs.map(({ task }) => task)).to.have.members([odd, other]);
  });
});
