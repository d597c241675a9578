// A task whose document cannot be read, for example because it is larger than 32 MiB: its user sees why it does not run, and others run.
import { expect } from 'chai';
import { InvalidResponseError } from '../../../src/clearml/errors.ts';
import type { TaskId } from '../../../src/clearml/ids.ts';
import type { DaemonDeps } from '../../../src/daemon/deps.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';
import { enqueue, range, submittedOf } from '../claim/limited-claims.ts';
import { advance, startDaemon, type DaemonRun } from '../run-daemon.ts';
import { createStepFixture, taskNumber, type StepFixture } from '../step-fixture.ts';

const MINUTE_MS = 60_000;

describe('if the response of ClearML about a task or user is too large, the daemon', () => {
  let fixture: StepFixture;
  let daemon: DaemonRun;
  /** The tasks whose documents are too large, and how often each was requested. */
  let tooLarge: Map<TaskId, number>;
  /** Whether not even the status of these tasks can be read. */
  let isHidden: boolean;
  let isUserUnreadable: (id: string) => boolean;

  beforeEach(() => {
    fixture = createStepFixture();
    tooLarge = new Map();
    isHidden = false;
    isUserUnreadable = () => false;
  });

  afterEach(async () => {
    await daemon.end();
  });

  function start(): void {
    const { tasks, people } = fixture.deps.clearml;
    const limitedPeople: DaemonDeps['clearml']['people'] = {
      ...people,
      async user(id) {
        if (isUserUnreadable(id)) throw new InvalidResponseError('the response is larger than 1 MiB', true);
        return people.user(id);
      },
    };
    const refuse = (ids: readonly TaskId[]): void => {
      const bad = ids.filter((id) => tooLarge.has(id));
      for (const id of bad) tooLarge.set(id, (tooLarge.get(id) ?? 0) + 1);
      if (bad.length > 0) throw new InvalidResponseError('the response is larger than 32 MiB', true);
    };
    const limited: DaemonDeps['clearml']['tasks'] = {
      ...tasks,
      async get(id) {
        refuse([id]);
        return tasks.get(id);
      },
      async getMany(ids) {
        refuse(ids);
        return tasks.getMany(ids);
      },
      async read(ids) {
        const list = await tasks.read(ids);
        if (!isHidden) return list;
        const hidden = ids.filter((id) => tooLarge.has(id));
        return {
          tasks: new Map([...list.tasks].filter(([id]) => !tooLarge.has(id))),
          unread: new Set([...list.unread, ...hidden]),
        };
      },
    };
    daemon = startDaemon({
      ...fixture.deps,
      clearml: { ...fixture.deps.clearml, tasks: limited, people: limitedPeople },
    });
  }

  it('sets the status to "failed" with this reason, and submits a readable task within 30 s (C-39)', async () => {
    const bad = range(1, 30).map(taskNumber);
    for (const id of bad) tooLarge.set(id, 0);
    for (const number of range(1, 31)) await fixture.enqueued(number);
    start();

    await advance(fixture.clock, MINUTE_MS / 2);
    expect(submittedOf(fixture)).to.deep.equal([31]);
    await advance(fixture.clock, 3 * MINUTE_MS);

    for (const id of bad) {
      expect(await fixture.read(id)).to.include({ status: 'failed', statusReason: 'unreadable' });
      expect(fixture.consoleOf(id).join(' ').replaceAll(/\s+/g, ' ')).to.include(
        'The task cannot be read from the ClearML server: the response is larger than 32 MiB. If it is large, clone it with smaller',
      );
      expect(tooLarge.get(id)).to.be.at.most(8);
      expect(fixture.deps.journal.entries.has(id)).to.equal(false);
    }
    expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([31]);
    const warnings = fixture.logged.filter((line) => line.startsWith('warn: Cannot read the document'));
    expect(warnings).to.have.length(30);
  });

  it('sets the status of the user\'s task to "failed" with this reason', async () => {
    await enqueue(fixture, 'ada', 1);
    await enqueue(fixture, 'ben', 2);
    let reads = 0;
    isUserUnreadable = (id) => {
      if (id !== 'ada') return false;
      reads += 1;
      return true;
    };
    start();

    await advance(fixture.clock, 4 * MINUTE_MS);

    expect(submittedOf(fixture)).to.deep.equal([2]);
    expect(await fixture.read(taskNumber(1))).to.include({ status: 'failed', statusReason: 'unreadable' });
    expect(fixture.consoleOf(taskNumber(1)).join(' ').replaceAll(/\s+/g, ' ')).to.include(
      'The project or the user of the task cannot be read from the ClearML server: the response is larger than 1 MiB.',
    );
    expect(fixture.deps.journal.entries.has(taskNumber(1))).to.equal(false);
    expect(reads).to.be.at.most(4);
  });

  it('submits the task once the response is small enough', async () => {
    const task = await fixture.enqueued(1);
    tooLarge.set(task, 0);
    start();
    await advance(fixture.clock, 10_000);
    expect(fixture.deps.journal.entries.get(task)?.unreadable?.times).to.equal(1);
    tooLarge.clear();

    await advance(fixture.clock, MINUTE_MS);

    expect(submittedOf(fixture)).to.deep.equal([1]);
    expect(fixture.deps.journal.entries.get(task))
      .to.include({ step: 'following' })
      .and.not.to.have.property('unreadable');
  });

  it('reads a parked task with an unreadable status at most four times in an hour', async () => {
    const task = await fixture.enqueued(1);
    tooLarge.set(task, 0);
    isHidden = true;
    start();
    await advance(fixture.clock, 60 * MINUTE_MS);

    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([]);
    expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([1]);
    expect(tooLarge.get(task)).to.be.at.most(4);
    expect(fixture.logged.filter((line) => /^(?:warn|error)/.test(line))).to.have.length(1);
    isHidden = false;
    tooLarge.clear();
    await advance(fixture.clock, MINUTE_MS);
    expect(submittedOf(fixture)).to.deep.equal([1]);
  });

  it('sets the status of a running task to "failed" after the job ended OUT_OF_MEMORY', async () => {
    const task = await fixture.enqueued(1);
    start();
    await advance(fixture.clock, MINUTE_MS);
    const job = fixture.cluster.jobs[0] ?? expect.fail('no job');
    Object.assign(job, { state: 'RUNNING', startAt: fixture.clock.now() });
    await fixture.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });
    await fixture.server.call('tasks.started', { task, force: true });
    await advance(fixture.clock, MINUTE_MS);
    tooLarge.set(task, 0);
    fixture.cluster.end(job, 'OUT_OF_MEMORY', 1);

    await advance(fixture.clock, 5 * MINUTE_MS);

    expect((await fixture.read(task))?.status).to.equal('failed');
    expect(fixture.deps.journal.entries.size).to.equal(0);
  });
});
