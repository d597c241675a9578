// Tests that a daemon repeats an abort that it has seen if the agent overwrites it while it starts, whatever ends the daemon meanwhile.
import { expect } from 'chai';
import type { TaskId } from '../../src/clearml/ids.ts';
import type { DaemonDeps } from '../../src/daemon/deps.ts';
import type { SimJob } from '../simulation/simulated-slurm.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../simulation/queues.ts';
import { GRACE_PERIODS } from '../support/simulated-values.ts';
import { advance, startDaemon, type DaemonRun } from './run-daemon.ts';
import { createStepFixture, type StepFixture } from './step-fixture.ts';

const REPEATED =
  'The abort was lost because clearml-agent was still starting the task. The daemon has aborted the task again.';
const POLL_MS = 20_000;

describe('after a starting agent overwrote an abort, the daemon', () => {
  let fixture: StepFixture;
  let daemon: DaemonRun;
  let task: TaskId;
  let job: SimJob;

  beforeEach(async () => {
    fixture = createStepFixture();
    task = await fixture.enqueued(1);
    daemon = startDaemon(fixture.deps);
    await advance(fixture.clock, POLL_MS);
    [job = expect.fail('no job')] = fixture.cluster.jobs;
    await fixture.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });
    await fixture.server.call('tasks.dequeue', { task, new_status: 'in_progress' });
    Object.assign(job, { state: 'RUNNING', phase: 'begun', startAt: fixture.clock.now() });
    await begins('starting execution soon');
    await fixture.server.call('tasks.stop', { task });
    await advance(fixture.clock, POLL_MS);
  });

  afterEach(async () => {
    await daemon.end();
  });

  /** What the agent of the job calls while it starts. */
  async function begins(reason: string, { reports = true } = {}): Promise<void> {
    await fixture.server.call('tasks.started', { task, force: true, status_reason: reason });
    fixture.clock.pass(1_000);
    if (reports)
      await fixture.server.call('workers.status_report', { worker: `${job.worker}:${job.id}`, task, timestamp: 0 });
  }

  async function message(): Promise<string | undefined> {
    return (await fixture.read(task))?.statusMessage;
  }

  function stops(): number {
    return fixture.calls.filter((call) => call.startsWith('tasks.stop of')).length;
  }

  it('repeats the abort twice, but writes only one console line (C-40)', async () => {
    expect(await message()).to.equal('stopping');
    for (const reason of ['worker started execution', 'worker starting task execution']) {
      await begins(reason);
      expect(await message()).to.equal('');
      await advance(fixture.clock, POLL_MS);
      expect(await message()).to.equal('stopping');
    }
    expect(stops()).to.equal(2);
    expect(fixture.consoleOf(task).filter((line) => line === REPEATED)).to.have.length(1);
    expect(job.leaving).to.equal(undefined);
  });

  it('repeats the abort only once if the agent overwrites the abort only once', async () => {
    await begins('worker started execution');
    await advance(fixture.clock, POLL_MS * 2);
    expect(stops()).to.equal(1);
  });

  it('cancels the job after the grace period, and forgets the stopped task', async () => {
    await begins('worker started execution');
    await advance(fixture.clock, GRACE_PERIODS.stopMs + 2 * POLL_MS);
    expect(job.leaving?.state).to.equal('CANCELLED');
    await fixture.server.call('tasks.stopped', { task, status_reason: 'user abort' });
    fixture.cluster.end(job, 'CANCELLED', 15);
    await advance(fixture.clock, 2 * GRACE_PERIODS.endMs);
    expect((await fixture.read(task))?.status).to.equal('stopped');
    expect(fixture.deps.journal.entries.size).to.equal(0);
  });

  for (const way of ['not made', 'answer lost'] as const)
    it(
      way === 'not made'
        ? 'repeats the abort a second time if the first repetition is lost'
        : 'repeats the abort only once if only the response to the repetition is lost',
      async () => {
        let failures = 1;
        fixture.fate = ({ endpoint }) => (endpoint === 'tasks.stop' && failures-- > 0 ? way : undefined);
        await begins('worker started execution');
        await advance(fixture.clock, 2 * POLL_MS);
        expect(await message()).to.equal('stopping');
        expect(stops()).to.equal(way === 'not made' ? 2 : 1);
      },
    );

  it('repeats the abort after SIGKILL at any step and a restart', async () => {
    for (const endpoint of ['journal', 'tasks.get_by_id', 'tasks.stop', 'events.add_batch'])
      for (const way of ['not made', 'answered'] as const) {
        const killed = await killedAt(endpoint, way);
        expect(killed, `${endpoint} ${way}`).to.equal('stopping');
      }
  });

  /** Returns the status message of the task after the daemon was killed at this call and another one started from its journal. */
  async function killedAt(endpoint: string, way: 'not made' | 'answered'): Promise<string | undefined> {
    const disk = { text: '' };
    const deps: DaemonDeps = fixture.peer(1, disk);
    for (const entry of fixture.deps.journal.entries.values())
      await deps.journal.write({ ...entry, told: { startedOn: entry.told.startedOn } });
    await daemon.end();
    await begins('worker started execution');

    let isDead = false;
    fixture.fate = (call) => {
      if (isDead) return 'never answered';
      if (call.endpoint !== endpoint && call.kind !== endpoint) return undefined;
      isDead = true;
      return way === 'answered' ? undefined : 'never answered';
    };
    const first = startDaemon(deps);
    await advance(fixture.clock, POLL_MS);
    expect(isDead, endpoint).to.equal(true);
    first.stop();
    fixture.fate = () => undefined;
    const second = startDaemon(fixture.peer(1, disk));
    await advance(fixture.clock, POLL_MS);
    await second.end();
    return message();
  }

  for (const [act, calls, status] of [
    ['resets the task', [['tasks.reset', { force: true }]], 'created'],
    [
      'resets and enqueues the task',
      [
        ['tasks.reset', { force: true }],
        ['tasks.enqueue', { queue: OWN_QUEUE }],
      ],
      'queued',
    ],
    ['deletes the task', [['tasks.delete', { force: true }]], undefined],
  ] as const)
    it(`does not repeat the abort if a user ${act} between the poll and the call of tasks.stop`, async () => {
      const { tasks } = fixture.deps.clearml;
      const get = tasks.get.bind(tasks);
      let acts = 0;
      tasks.get = async (id) => {
        acts += 1;
        if (acts === 1) for (const [call, body] of calls) await fixture.server.call(call, { task, ...body });
        return get(id);
      };
      await begins('worker started execution');
      await advance(fixture.clock, 2 * POLL_MS);
      expect(acts).to.be.above(0);
      expect(stops()).to.equal(0);
      expect((await fixture.read(task))?.status).to.equal(status);
      expect(fixture.consoleOf(task)).to.not.include(REPEATED);
    });

  it('does not repeat the abort if a user resets the task while the daemon writes the journal', async () => {
    const { journal } = fixture.deps;
    const write = journal.write.bind(journal);
    journal.write = async (entry) => {
      await write(entry);
      if (entry.told.abortRepeated === true) await fixture.server.call('tasks.reset', { task, force: true });
    };
    await begins('worker started execution');
    await advance(fixture.clock, POLL_MS);
    expect(stops()).to.equal(0);
    expect((await fixture.read(task))?.status).to.equal('created');
  });

  it('does not abort a later run of the task under another agent', async () => {
    await fixture.server.call('tasks.stopped', { task });
    await fixture.server.call('tasks.enqueue', { task, queue: OWN_QUEUE });
    await fixture.server.call('queues.get_next_task', { queue: OWN_QUEUE });
    await fixture.server.call('tasks.started', { task, force: true, status_message: 'pulled by agent' });
    fixture.clock.pass(10);
    // The last report of the agent that ends comes late.
    await fixture.server.call('workers.status_report', { worker: `${job.worker}:${job.id}`, task, timestamp: 0 });
    await advance(fixture.clock, POLL_MS);
    expect(stops()).to.equal(0);
    expect(await fixture.read(task)).to.include({ status: 'in_progress', statusMessage: 'pulled by agent' });
  });
});
