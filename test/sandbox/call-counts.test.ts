// What the sandbox counts of each call, and the time that a call takes with the latency of a real server.
import { expect } from 'chai';
import { setImmediate as turn } from 'node:timers/promises';
import * as z from 'zod';
import type { Call, Fields } from '../../src/sandbox/requests/endpoint.ts';
import {
  createCallCounts,
  formatCallCounts,
  totalOf,
  type CallCounts,
} from '../../src/sandbox/requests/call-counts.ts';
import { firstContent } from '../../src/sandbox/store/initial-content.ts';
import { createStore } from '../../src/sandbox/store/store.ts';
import { createSimulatedClock, type SimulatedClock } from '../simulation/clock.ts';
import { openSandbox, type OpenSandbox } from './open-sandbox.ts';

const Count = z.object({
  endpoint: z.string(),
  calls: z.number(),
  documents: z.number(),
  entries: z.number(),
  bytes: z.number(),
  server_ms: z.number(),
});
type Count = z.infer<typeof Count>;

async function countsOf(sandbox: OpenSandbox): Promise<{ readonly calls: readonly Count[]; readonly total: Count }> {
  return z.object({ calls: z.array(Count), total: Count }).parse(await sandbox.ok('sandbox.get_calls'));
}

/** A sandbox with a queue of three tasks, whose counts are zero. */
async function openFilled(): Promise<{
  readonly sandbox: OpenSandbox;
  readonly queue: string;
  readonly tasks: string[];
}> {
  const sandbox = await openSandbox();
  const queue = await sandbox.makeQueue('cpu');
  const tasks = [await sandbox.makeQueued(queue), await sandbox.makeQueued(queue), await sandbox.makeQueued(queue)];
  await sandbox.ok('sandbox.clear_calls');
  return { sandbox, queue, tasks };
}

describe('the sandbox server', () => {
  it('counts the calls, the returned documents and the bytes of each endpoint', async () => {
    const { sandbox, tasks } = await openFilled();
    await using _ = sandbox;
    await sandbox.ok('tasks.get_all', { id: tasks, only_fields: ['id'] });
    await sandbox.ok('tasks.get_all', { id: tasks.slice(1), only_fields: ['id'] });
    await sandbox.ok('tasks.get_by_id', { task: tasks[0] });

    const { calls, total } = await countsOf(sandbox);

    expect(calls.map(({ endpoint, calls: made, documents }) => [endpoint, made, documents])).to.deep.equal([
      ['tasks.get_all', 2, 5],
      ['tasks.get_by_id', 1, 1],
    ]);
    for (const { bytes } of calls) expect(bytes).to.be.greaterThan(100);
    expect(total).to.include({ endpoint: 'total', calls: 3, documents: 6 });
    expect(total.bytes).to.equal((calls[0]?.bytes ?? 0) + (calls[1]?.bytes ?? 0));
  });

  it('counts a rejected call, but no call of a "sandbox." endpoint', async () => {
    const { sandbox } = await openFilled();
    await using _ = sandbox;
    await sandbox.call('tasks.get_by_id', { task: 'f'.repeat(32) });
    await sandbox.ok('sandbox.get_faults');

    expect((await countsOf(sandbox)).calls).to.have.length(1);
    await sandbox.ok('sandbox.clear_calls');
    expect((await countsOf(sandbox)).calls).to.deep.equal([]);
  });

  for (const [endpoint, more, entries] of [
    ['queues.get_next_task', {}, 3],
    ['queues.peek_task', {}, 0],
    ['queues.get_num_entries', {}, 0],
    ['queues.get_by_id', {}, 3],
    ['queues.get_by_id', { max_task_entries: 1 }, 1],
    ['queues.add_task', { task: 'a'.repeat(32) }, 6],
    ['queues.remove_task', { task: 'a'.repeat(32) }, 0],
  ] as const) {
    it(`estimates that a real server reads ${entries} queue ${entries === 1 ? 'entry' : 'entries'} for ${endpoint} ${JSON.stringify(more)}`, async () => {
      const { sandbox, queue } = await openFilled();
      await using _ = sandbox;
      await sandbox.call(endpoint, { queue, ...more });

      expect((await countsOf(sandbox)).total.entries).to.equal(entries);
    });
  }

  it('estimates that a real server reads 6 queue entries for tasks.stop', async () => {
    const { sandbox, tasks } = await openFilled();
    await using _ = sandbox;
    await sandbox.ok('tasks.stop', { task: tasks[1] });

    expect((await countsOf(sandbox)).total.entries).to.equal(6);
  });

  it('estimates that a real server takes 8 ms for a query with 1000 ids', async () => {
    const { sandbox } = await openFilled();
    await using _ = sandbox;
    const id = Array.from({ length: 1_000 }, (__, n) => n.toString(16).padStart(32, 'f'));
    await sandbox.ok('tasks.get_all', { id, only_fields: ['id'] });
    await sandbox.ok('organization.get_entities_count', { tasks: { id } });

    const { calls } = await countsOf(sandbox);

    expect(calls.map(({ server_ms: ms }) => Math.round(ms))).to.deep.equal([8, 8]);
  });

  it('prints the counts as a table, with the totals in the last line', async () => {
    const { sandbox, tasks } = await openFilled();
    await using _ = sandbox;
    await sandbox.ok('tasks.get_by_id', { task: tasks[0] });

    const lines = formatCallCounts(sandbox.callCounts()).split('\n');

    expect(lines[0]).to.match(/^CALL +CALLS +DOCUMENTS +QUEUE ENTRIES +BYTES +SERVER TIME$/);
    expect(lines[1]).to.match(/^tasks\.get_by_id +1 +1 +0 +[\d,]+ +0\.01 s$/);
    expect(lines[2]).to.match(/^total +1 +1 +0 +[\d,]+ +0\.01 s$/);
  });
});

describe('the simulated latency of a real server', () => {
  it('delays a call until the previous call has ended', async () => {
    const clock = createSimulatedClock(0);
    const { counts, call } = slowService(clock);

    await Promise.all([passUntilIdle(clock), call('tasks.get_by_id'), call('tasks.get_by_id')]);

    const { serverMs } = totalOf(counts.all());
    expect(serverMs).to.be.greaterThan(0);
    expect(clock.now()).to.be.within(serverMs, serverMs + 1);
  });

  it('is zero without --latency real', async () => {
    const clock = createSimulatedClock(0);
    await slowService(clock, 'none').call('tasks.get_by_id');
    expect(clock.now()).to.equal(0);
  });
});

function slowService(
  clock: SimulatedClock,
  latency: 'real' | 'none' = 'real',
): { readonly counts: CallCounts; readonly call: (endpoint: string) => Promise<Fields> } {
  const store = createStore(firstContent(0, {}), undefined);
  const counts = createCallCounts(store, clock.of(0), latency === 'real' ? latency : undefined);
  const services = counts.counted({ 'tasks.get_by_id': () => ({ task: {} }) });
  const call: Call = {
    body: {},
    lines: [{}],
    workerHeader: undefined,
    remoteAddress: '',
    caller: { user: '', userName: '', company: '' },
    gap: () => Promise.resolve(),
  };
  return { counts, call: async (endpoint) => services[endpoint]?.(call) ?? {} };
}

async function passUntilIdle(clock: SimulatedClock): Promise<void> {
  await turn();
  for (let wakeAt = clock.nextWakeAt(); wakeAt !== undefined; wakeAt = clock.nextWakeAt()) {
    clock.pass(Math.max(1, Math.ceil(wakeAt - clock.now())));
    await turn();
  }
}
