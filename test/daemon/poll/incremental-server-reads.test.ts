// Tests what a poll reads: only what changed and one task in full, or everything in case of doubt.
import { expect } from 'chai';
import { OTHER_QUEUE } from '../../simulation/queues.ts';
import { taskNumber } from '../step-fixture.ts';
import { createBed, hear, pollAtRest, type Bed } from './incremental-reads-bed.ts';

describe('a poll', () => {
  it('reads only one of 40 tasks in full if nothing changes', async () => {
    const bed = await createBed(40);
    for (let poll = 0; poll < 3; poll += 1) await pollAtRest(bed);
    bed.fixture.calls.length = 0;

    const state = await pollAtRest(bed);

    expect(bed.tasks.filter((task) => !state.isRemembered(task))).to.have.length(1);
    expect(bed.fixture.calls).to.deep.equal([
      'queues.get_all',
      'tasks.get_all',
      'organization.get_entities_count',
      'tasks.get_all',
      ...['workers.status_report', 'workers.get_all'],
    ]);
  });

  it('detects within five polls that one of five tasks has another execution queue', async () => {
    const bed = await createBed(5);
    for (let poll = 0; poll < 3; poll += 1) await pollAtRest(bed);
    const task = taskNumber(4);
    await bed.fixture.server.call('tasks.edit', { task, execution: { queue: OTHER_QUEUE }, force: true });

    let polls = 0;
    do polls += 1;
    while ((await pollAtRest(bed)).tasks.get(task)?.executionQueue !== OTHER_QUEUE && polls < 6);

    expect(polls).to.be.within(1, 5);
  });

  it("detects a user's abort even if the server shows the abort only several polls later", async () => {
    const bed = await createBed(5);
    const { server, clock } = bed.fixture;
    const task = taskNumber(3);
    await server.call('tasks.started', { task });
    await server.call('workers.status_report', { worker: 'login1:slurm:3', task, timestamp: 0 });
    for (let poll = 0; poll < 3; poll += 1) await pollAtRest(bed);
    let release = (): void => undefined;
    const gap = new Promise<void>((resolve) => {
      release = resolve;
    });
    const stopped = server.call('tasks.stop', { task }, () => gap);
    for (let poll = 0; poll < 3; poll += 1) {
      clock.pass(14_000);
      await pollAtRest(bed);
    }

    release();
    await stopped;

    expect((await pollAtRest(bed)).tasks.get(task)).to.include({ status: 'in_progress', statusMessage: 'stopping' });
  });

  it('detects three deleted tasks among 230 tasks', async () => {
    const bed = await createBed(230);
    for (let poll = 0; poll < 3; poll += 1) await pollAtRest(bed);
    const deleted = [7, 8, 200].map(taskNumber);
    for (const task of deleted) bed.fixture.server.store.tasks.delete(task);

    const { tasks, unread } = await pollAtRest(bed);

    expect(bed.tasks.filter((task) => !tasks.has(task))).to.deep.equal(deleted);
    expect(unread.size).to.equal(0);
  });

  const doubts: readonly { readonly title: string; readonly happen: (bed: Bed) => unknown }[] = [
    {
      title: 'after a failed poll',
      async happen({ fixture, reader }) {
        fixture.fate = ({ endpoint }) => (endpoint.startsWith('organization.') ? 'not made' : undefined);
        await reader.read().catch(() => undefined);
        fixture.fate = () => undefined;
      },
    },
    {
      title: "when the server's clock was set back",
      async happen({ fixture }) {
        const { store } = fixture.server;
        store.changeSettings({ clockOffsetMs: -3_600_000 });
        await hear(fixture);
      },
    },
    {
      title: 'when the time of the last heartbeat is unknown',
      happen: ({ fixture: { deps, clock } }) =>
        deps.peers.refresh({ find: () => Promise.resolve({ workers: [], isWhole: true }) }, clock.now()),
    },
    {
      title: 'when the server does not support organization.get_entities_count',
      happen({ fixture }) {
        fixture.server.garble = (endpoint, answer) => (endpoint.startsWith('organization.') ? {} : answer);
      },
    },
    {
      title: 'when the response about changed tasks contains an unreadable task',
      happen({ fixture }) {
        fixture.server.garble = (endpoint, answer, body) =>
          endpoint === 'tasks.get_all' && 'status_changed' in body ? { tasks: [{ id: 7 }] } : answer;
      },
    },
  ];
  for (const { title, happen } of doubts) {
    it(`reads all tasks in full ${title}`, async () => {
      const bed = await createBed(5);
      for (let poll = 0; poll < 3; poll += 1) await pollAtRest(bed);
      expect(bed.tasks.some((await pollAtRest(bed)).isRemembered)).to.equal(true);

      await happen(bed);

      expect(bed.tasks.some((await bed.reader.read()).isRemembered)).to.equal(false);
    });
  }

  it('always reads all five tasks in full if the limit for full reads is five', async () => {
    const bed = await createBed(5, { fullUpTo: 5, perSweep: 1 });
    for (let poll = 0; poll < 3; poll += 1) await pollAtRest(bed);

    const state = await pollAtRest(bed);

    expect(bed.tasks.some(state.isRemembered)).to.equal(false);
  });
});
