// The status message of a task that a limit or a pause holds: when it is written, and when not.
import { expect } from 'chai';
import { createHoldMessages } from '../../../src/daemon/claim/show-holds.ts';
import type { Pause } from '../../../src/daemon/pause/pauses-file.ts';
import { taskNumber, type StepFixture } from '../step-fixture.ts';
import { enqueue, fixtureWith, messageOf, passesOf, range } from './limited-claims.ts';

describe('a daemon that holds tasks in a paused queue', () => {
  const pause: Pause = { queue: null, since: 0, until: null, reason: '' };
  const fixtureWithPause = (): StepFixture => fixtureWith({}, { pauses: () => Promise.resolve([pause]) });

  it('writes status messages to the first 50 tasks of the queue, 10 in each pass', async () => {
    const fixture = fixtureWithPause();
    await enqueue(fixture, 'ada', ...range(1, 60));
    const passes = passesOf(fixture);
    const written = (): number => fixture.calls.filter((label) => label.includes('tasks.update')).length;
    const counts: number[] = [];
    for (let pass = 1; pass <= 6; pass += 1) {
      await passes.claim();
      counts.push(written());
    }

    expect(counts).to.deep.equal([10, 20, 30, 40, 50, 50]);
    expect(await messageOf(fixture, 50)).to.match(/49 tasks are ahead of this task/);
    expect(await messageOf(fixture, 51)).to.equal('');
  });

  it('tries to write only one of three status messages in a pass during an outage of ClearML', async () => {
    const fixture = fixtureWithPause();
    await enqueue(fixture, 'ada', ...range(1, 3));
    const passes = passesOf(fixture);
    let tried = 0;
    fixture.fate = ({ endpoint }) => {
      if (endpoint !== 'tasks.get_by_id') return undefined;
      tried += 1;
      return 'not made';
    };
    await passes.claim();
    expect(tried).to.equal(1);

    fixture.fate = () => undefined;
    await passes.claim();

    for (const number of range(1, 3)) expect(await messageOf(fixture, number)).to.match(/^Waits in queue/);
  });

  it('skips an unreadable task for five minutes, and writes status messages to the next tasks', async () => {
    const fixture = fixtureWithPause();
    await enqueue(fixture, 'ada', ...range(1, 12));
    const passes = passesOf(fixture);
    const odd = range(1, 11).map(taskNumber);
    fixture.server.garble = (endpoint, answer) => {
      const isOdd = (row: unknown): boolean => odd.some((task) => JSON.stringify(row).includes(task));
      const garbled = (row: unknown): unknown => (isOdd(row) ? { ...(row as object), status_message: 7 } : row);
      if (endpoint === 'tasks.get_by_id') return { ...answer, task: garbled(answer['task']) };
      if (endpoint === 'tasks.get_all') return { ...answer, tasks: (answer['tasks'] as unknown[]).map(garbled) };
      return answer;
    };
    for (let pass = 1; pass <= 2; pass += 1) await passes.claim();
    fixture.server.garble = (_endpoint, answer) => answer;
    expect(await messageOf(fixture, 12)).to.match(/^Waits in queue/);
    expect(await messageOf(fixture, 1)).to.equal('');

    fixture.clock.pass(5 * 60_000);
    await passes.claim();

    expect(await messageOf(fixture, 1)).to.match(/^Waits in queue/);
  });

  it('stops writing status messages when the next poll is due', async () => {
    const fixture = fixtureWithPause();
    await enqueue(fixture, 'ada', ...range(1, 3));
    const passes = passesOf(fixture);
    fixture.fate = ({ endpoint }) => {
      if (endpoint === 'tasks.get_by_id') fixture.clock.pass(60_000);
      return undefined;
    };

    await passes.claim();

    expect(await messageOf(fixture, 1)).to.match(/^Waits in queue/);
    expect(await messageOf(fixture, 2)).to.equal('');
  });

  it('updates the number of tasks ahead only every five minutes', async () => {
    const fixture = fixtureWithPause();
    await enqueue(fixture, 'ada', 1, 2);
    const passes = passesOf(fixture);
    await passes.claim();
    await fixture.server.call('tasks.dequeue', { task: taskNumber(1) });
    await passes.claim();
    expect(await messageOf(fixture, 2)).to.match(/1 task is ahead of this task/);

    fixture.clock.pass(5 * 60_000);
    await passes.claim();

    expect(await messageOf(fixture, 2)).to.match(/This task is next/);
  });

  it('never replaces a status message that the daemon did not write', async () => {
    const fixture = fixtureWithPause();
    await enqueue(fixture, 'ada', 1);
    const document = fixture.server.store.tasks.get(taskNumber(1)) ?? expect.fail('no such task');
    fixture.server.store.tasks.put({ ...document, status_message: 'Stopped by ada' });

    await passesOf(fixture).claim();

    expect(await messageOf(fixture, 1)).to.equal('Stopped by ada');
  });

  it('writes no status message to a task that another agent has started', async () => {
    const fixture = fixtureWithPause();
    await enqueue(fixture, 'ada', 1);
    await fixture.server.call('tasks.started', { task: taskNumber(1), status_message: 'pulled by agent' });

    await passesOf(fixture).claim();

    expect(await messageOf(fixture, 1)).to.equal('pulled by agent');
  });

  it('leaves the fields status_changed and last_update unchanged when it writes a status message', async () => {
    const fixture = fixtureWithPause();
    await enqueue(fixture, 'ada', 1);
    const before = await fixture.read(taskNumber(1));

    await passesOf(fixture).claim();

    const after = await fixture.read(taskNumber(1));
    expect(after?.statusChanged).to.equal(before?.statusChanged);
    expect(after?.lastUpdate).to.equal(before?.lastUpdate);
    expect(after?.statusMessage).to.match(/^Waits in queue/);
  });

  it('removes its status message once the pause no longer holds the task', async () => {
    const fixture = fixtureWithPause();
    await enqueue(fixture, 'ada', 1);
    const messages = createHoldMessages(fixture.deps);
    const [queue] = fixture.deps.queues;
    if (queue === undefined) expect.fail('the fixture serves no queue');
    const held = { task: taskNumber(1), queue, why: { kind: 'pause', pause }, before: 0, isOfOwner: false } as const;
    await messages.show([held], () => true);
    expect(await messageOf(fixture, 1)).to.match(/^Waits in queue/);

    await messages.show([], () => true);

    expect(await messageOf(fixture, 1)).to.equal('');
  });

  it('writes no status messages while a peer of the same queue writes them', async () => {
    const fixture = fixtureWithPause();
    await enqueue(fixture, 'ada', 1);
    const peer = { ...fixture.peer(2), pauses: () => Promise.resolve([pause]) };
    for (const [one, other] of [
      [fixture.deps, peer],
      [peer, fixture.deps],
    ] as const) {
      await one.clearml.workers.register(one.peers.row(), 600_000);
      await other.peers.refresh(other.clearml.workers, fixture.clock.now());
    }
    await passesOf(fixture, peer).claim();
    expect(await messageOf(fixture, 1)).to.equal('');

    await passesOf(fixture).claim();

    expect(await messageOf(fixture, 1)).to.match(/^Waits in queue/);
  });
});
