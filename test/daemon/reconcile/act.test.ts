// Tests that actions are never carried out on a task that changed, never repeated, and not lost by a failure.
import { expect } from 'chai';
import type { TaskId } from '../../../src/clearml/ids.ts';
import { act } from '../../../src/daemon/reconcile/act.ts';
import type { Action } from '../../../src/daemon/decide/action.ts';
import type { Entry } from '../../../src/daemon/journal/entry.ts';
import type { JobId, JobKey } from '../../../src/slurm/scheduler.ts';
import { createStepFixture, type StepFixture } from '../step-fixture.ts';
import { OTHER_QUEUE, OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';
import { entryOf, jobName, jobOf, recordOf } from '../decide/observations.ts';
import { rejection } from '../../support/rejection.ts';

const CANCEL: Action = { do: 'cancel', jobIds: ['7' as JobId], why: 'the task was deleted' };
const JOBS = [jobOf('PENDING'), jobOf('PENDING', { id: '8' as JobId, name: jobName(2) })];
const LINE = { do: 'log', level: 'WARNING', text: 'it waits again' } as const satisfies Action;

async function parked(fixture: StepFixture): Promise<TaskId> {
  const task = await fixture.enqueued(1);
  await fixture.server.call('queues.get_next_task', { queue: OWN_QUEUE });
  await fixture.server.call('queues.add_task', { queue: SCHEDULER_QUEUE, task, update_execution_queue: false });
  await fixture.deps.journal.write(entryOf({ task, queue: OWN_QUEUE, queueName: 'own' }));
  return task;
}

/** A task that its job took and started. */
async function begun(fixture: StepFixture): Promise<TaskId> {
  const task = await parked(fixture);
  await fixture.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });
  await fixture.server.call('tasks.started', { task, force: true });
  fixture.clock.pass(1_000);
  return task;
}

/** The same, with the given fate of parking. */
function withParking(
  { deps }: StepFixture,
  parking: (park: () => Promise<void>) => Promise<void>,
): StepFixture['deps'] {
  const { queues } = deps.clearml;
  const park: typeof queues.park = (queue, task) => parking(() => queues.park(queue, task));
  return { ...deps, clearml: { ...deps.clearml, queues: { ...queues, park } } };
}

/** Acts as a pass does, and returns the jobs to cancel. */
async function actNow(fixture: StepFixture, task: TaskId, ...actions: readonly Action[]): Promise<JobId[]> {
  const seen = { task: await fixture.read(task), place: 'parked', record: undefined, jobs: JOBS } as const;
  return actOn(fixture, task, seen, actions);
}

async function actOn(
  { deps, pool }: StepFixture,
  task: TaskId,
  seen: Parameters<typeof act>[3],
  actions: readonly Action[],
): Promise<JobId[]> {
  const cancel = new Map<JobId, JobKey>();
  const { signal } = new AbortController();
  await act({ deps, pool, cancel, signal }, entryIn(deps, task), actions, seen);
  await pool.finish();
  return [...cancel.keys()];
}

function entryIn({ journal }: StepFixture['deps'], task: TaskId): Entry {
  return journal.entries.get(task) ?? expect.fail('the journal has no such task');
}

describe('acting on a decision', () => {
  it('S-38 repeats a cancellation only after a minute or if the reason is different', async () => {
    const fixture = createStepFixture();
    const task = await parked(fixture);

    expect(await actNow(fixture, task, CANCEL)).to.deep.equal(['7']);
    expect(await actNow(fixture, task, CANCEL)).to.deep.equal([]);
    expect(await actNow(fixture, task, { ...CANCEL, why: 'the task was aborted' })).to.deep.equal(['7']);
    fixture.clock.pass(60_000);
    expect(await actNow(fixture, task, { ...CANCEL, why: 'the task was aborted' })).to.deep.equal(['7']);
    expect(fixture.logged.filter((line) => line.includes('Cancelling'))).to.have.length(3);
  });

  it('records the reason when it cancels the job, and the job id when it cancels an extra job', async () => {
    const fixture = createStepFixture();
    const task = await parked(fixture);

    await actNow(fixture, task, { ...CANCEL, jobIds: ['8' as JobId] });
    expect(entryIn(fixture.deps, task).cancelledFor).to.equal(undefined);
    expect(entryIn(fixture.deps, task).cancelledExtras).to.deep.equal(['8']);
    fixture.clock.pass(60_000);
    await actNow(fixture, task, CANCEL);
    expect(entryIn(fixture.deps, task).cancelledFor).to.equal('the task was deleted');
  });

  it('D-06 cancels a job only after the reason is in the journal', async () => {
    const fixture = createStepFixture();
    const task = await parked(fixture);
    const { deps, pool } = fixture;
    const full = new Error('no space left on device');
    const journal = { ...deps.journal, write: () => Promise.reject(full) };
    const cancel = new Map<JobId, JobKey>();
    const round = { deps: { ...deps, journal }, pool, cancel, signal: new AbortController().signal };
    const seen = { task: await fixture.read(task), place: 'parked', record: undefined, jobs: JOBS } as const;

    expect(await rejection(act(round, entryIn(deps, task), [CANCEL], seen))).to.equal(full);
    expect(cancel.size).to.equal(0);
  });

  for (const action of [
    CANCEL,
    { do: 'remove-entry' },
    { do: 'return-to-queue', why: 'because' },
    { do: 'resubmit', why: 'because' },
    { do: 'park-again', from: 'in_progress' },
    { do: 'end', ending: { status: 'failed', reason: 'template', text: 't', withLog: false } },
  ] as const satisfies readonly Action[]) {
    it(`skips the action "${action.do}" if the user changed the task since the poll`, async () => {
      const fixture = createStepFixture();
      const task = await parked(fixture);
      const seen = { task: await fixture.read(task), place: 'parked', record: undefined, jobs: JOBS } as const;
      // Queued before and after: only the time of the change differs.
      await fixture.server.call('tasks.dequeue', { task });
      await fixture.server.call('tasks.enqueue', { task, queue: OWN_QUEUE });
      const calls = fixture.calls.length;

      expect(await actOn(fixture, task, seen, [action])).to.deep.equal([]);

      expect(fixture.calls.slice(calls)).to.deep.equal(['tasks.get_by_id of task 1']);
    });
  }

  it('D-09 does not return an orphan to its queue if another daemon has parked it in the meantime', async () => {
    const fixture = createStepFixture();
    const task = await parked(fixture);
    const seen = { task: await fixture.read(task), place: 'nowhere', record: undefined, jobs: JOBS } as const;

    await actOn(fixture, task, seen, [{ do: 'return-to-queue', why: 'because' }]);

    expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([1]);
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([]);
    expect(fixture.deps.journal.entries.has(task)).to.equal(false);
  });

  it('C-08 never sets the status message of a task in progress', async () => {
    const fixture = createStepFixture();
    const task = await parked(fixture);
    const seen = { task: await fixture.read(task), place: 'parked', record: undefined, jobs: JOBS } as const;
    await fixture.server.call('tasks.started', { task, force: true, status_message: 'stopping' });

    await actOn(fixture, task, seen, [{ do: 'show-status', text: 'it waits' }]);

    expect((await fixture.read(task))?.statusMessage).to.equal('stopping');
  });

  it('does not retry a status message in the same pass, because that could erase an abort request', async () => {
    const fixture = createStepFixture();
    const task = await parked(fixture);
    fixture.fate = ({ endpoint }) => (endpoint === 'tasks.update' ? 'answer lost' : undefined);

    await actNow(
      fixture,
      task,
      { do: 'show-status', text: 'it waits' },
      { do: 'note', patch: { told: { reason: 'template' } } },
    );

    expect(fixture.calls.filter((label) => label.startsWith('tasks.update'))).to.have.length(1);
    expect(entryIn(fixture.deps, task).told).to.deep.equal({});
  });

  it('parks the task of a requeued job again, with the status queued and the original execution queue', async () => {
    const fixture = createStepFixture();
    const task = await begun(fixture);

    await actNow(fixture, task, { do: 'park-again', from: 'in_progress' });

    expect(await fixture.read(task)).to.include({ status: 'queued', executionQueue: OWN_QUEUE });
    expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([1]);
  });

  for (const [what, calls, stays] of [
    [
      'enqueued elsewhere',
      [['tasks.enqueue', { queue: OTHER_QUEUE }]],
      { status: 'queued', executionQueue: OTHER_QUEUE },
    ],
    ['aborted', [['tasks.stop', {}]], { status: 'stopped' }],
    ['deleted', [['tasks.delete', { force: true }]], undefined],
  ] as const) {
    it(`leaves no entry in the scheduler queue if the task was ${what} before it was parked again`, async () => {
      const fixture = createStepFixture();
      const task = await begun(fixture);
      const deps = withParking(fixture, async (park) => {
        for (const [endpoint, more] of calls) await fixture.server.call(endpoint, { task, ...more });
        await park();
      });

      await actNow({ ...fixture, deps }, task, { do: 'park-again', from: 'in_progress' }, LINE);

      expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([]);
      expect(fixture.consoleOf(task)).to.deep.equal([]);
      const now = await fixture.read(task);
      if (stays === undefined) expect(now).to.equal(undefined);
      else expect(now).to.include(stays);
    });
  }

  it('leaves the task to its requeued job if the job starts just after the task is parked again', async () => {
    const fixture = createStepFixture();
    const task = await begun(fixture);
    const deps = withParking(fixture, async (park) => {
      await park();
      await fixture.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });
      await fixture.server.call('tasks.started', { task, force: true });
    });

    await actNow({ ...fixture, deps }, task, { do: 'park-again', from: 'in_progress' }, LINE);

    expect(await fixture.read(task)).to.include({ status: 'in_progress', executionQueue: OWN_QUEUE });
    expect(fixture.deps.journal.entries.size).to.equal(1);
  });

  it("adds the template's file and line to advice that names an option", async () => {
    const places = new Map([['--time', { file: 'gpu.template', line: 3, properties: ['walltime'] }]]);
    const { deps } = createStepFixture();
    const fixture = createStepFixture({ queues: deps.queues.map((queue) => ({ ...queue, optionLocations: places })) });
    const task = await parked(fixture);
    const set = '--time is set by the user property "walltime" (gpu.template, line 3).';

    await actNow(
      fixture,
      task,
      { do: 'log', level: 'INFO', text: 'Lower --time.' },
      { do: 'show-status', text: 'Lower the --time.' },
    );
    expect((await fixture.read(task))?.statusMessage).to.equal(`Lower the --time. ${set}`);
    await actNow(fixture, task, {
      do: 'end',
      ending: { status: 'failed', reason: 'template', text: 'Raise --time.', withLog: false },
    });

    expect(fixture.consoleOf(task)).to.include.members([`Lower --time. ${set}`, `Raise --time. ${set}`]);
    expect((await fixture.read(task))?.statusMessage).to.equal(`Raise --time. ${set}`);
  });

  it("writes the cause shown in the job's log to the console", async () => {
    const tail = 'RuntimeError: Found no NVIDIA driver on your system.\n';
    const log = { kind: 'read', path: '/home/u/slurm-7.out', tail } as const;
    const places = new Map([['--gres', { file: 'gpu.template', line: 3, properties: [] }]]);
    const { deps } = createStepFixture();
    const fixture = createStepFixture({
      jobLogs: { read: () => Promise.resolve(log) },
      queues: deps.queues.map((queue) => ({ ...queue, optionLocations: places })),
    });
    const task = await parked(fixture);
    const seen = { task: await fixture.read(task), place: 'parked', record: recordOf(), jobs: JOBS } as const;

    await actOn(fixture, task, seen, [LINE, { ...LINE, withAdvice: true }]);

    const [first, second, advice] = fixture.consoleOf(task);
    expect([first, second]).to.deep.equal([LINE.text, LINE.text]);
    expect(advice).to.include('the program found no GPU').and.to.include('--gres is set in gpu.template, line 3.');
  });

  it("writes to the console which rank failed first, according to the job's log", async () => {
    const tail = 'clearml: n1: rank 0 of 2 ended with exit code 7\nclearml: n2: rank 1 of 2 ended with exit code 1\n';
    const log = { kind: 'read', path: '/home/u/slurm-7.out', tail } as const;
    const fixture = createStepFixture({ jobLogs: { read: () => Promise.resolve(log) } });
    const task = await parked(fixture);
    const seen = { task: await fixture.read(task), place: 'parked', record: recordOf(), jobs: JOBS } as const;

    await actOn(fixture, task, seen, [{ ...LINE, namesRank: true }]);

    const sentence = 'Rank 0 on n1 ended with exit code 7, and Slurm ended the other ranks.';
    expect(fixture.consoleOf(task).join(' ')).to.equal(`${sentence} ${LINE.text}`);
  });

  it("writes to the console which ranks did not run, according to the job's log", async () => {
    const tail = 'clearml: n2: rank 1 does not run the task, which was completed before this rank started\n';
    const log = { kind: 'read', path: '/home/u/slurm-7.out', tail } as const;
    const fixture = createStepFixture({ jobLogs: { read: () => Promise.resolve(log) } });
    const task = await parked(fixture);
    const seen = { task: await fixture.read(task), place: 'parked', record: recordOf(), jobs: JOBS } as const;

    await actOn(fixture, task, seen, [LINE, { ...LINE, withIdleRanks: true }]);

    const [first, second, ...rest] = fixture.consoleOf(task);
    expect([first, second]).to.deep.equal([LINE.text, LINE.text]);
    expect(rest.join(' ')).to.match(/^Rank 1 \(n2\) did not run: /);
  });

  it('continues and logs a warning if the server rejects a console message', async () => {
    const fixture = createStepFixture();
    const task = await parked(fixture);
    fixture.fate = ({ endpoint }) => (endpoint === 'events.add_batch' ? 'not made' : undefined);

    await actNow(fixture, task, { do: 'log', level: 'INFO', text: 'a line' }, { do: 'forget' });

    expect(fixture.deps.journal.entries.size).to.equal(0);
    expect(fixture.logged).to.deep.include('warn: Could not write to the console or status message of the task');
  });

  it('resubmits the task with a new job name, and reports why', async () => {
    const fixture = createStepFixture();
    const task = await parked(fixture);

    await actNow(fixture, task, { do: 'resubmit', why: 'Slurm job 7 is no longer known to Slurm' });

    const [job] = fixture.cluster.jobs;
    expect(job?.name).to.not.include(entryOf().attempt);
    expect(entryIn(fixture.deps, task)).to.include({ step: 'following', attempts: 2, jobId: job?.id });
    expect(fixture.consoleOf(task)).to.deep.equal([
      'Submitted as Slurm job 1 to cluster "c1" (attempt 2), because Slurm job 7 is no longer known to Slurm.',
    ]);
  });
});
