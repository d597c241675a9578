// Tests which snapshots and records a decision may use, and that a missing response decides nothing.
import { expect } from 'chai';
import type { TaskId } from '../../../src/clearml/ids.ts';
import { REMOVED_BY_USER } from '../../../src/daemon/decide/shared-actions.ts';
import { reconcile } from '../../../src/daemon/reconcile/reconcile.ts';
import { trackJob } from '../../../src/daemon/submit/submit-parked-task.ts';
import type { Snapshot } from '../../../src/daemon/poll/poll.ts';
import { mergeLookUp } from '../../../src/slurm/look-up-sacct-jobs.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { createStepFixture, type StepFixture } from '../step-fixture.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';
import { attempt, entryOf } from '../decide/observations.ts';

const go = new AbortController().signal;

/** A tracked, parked task with a job. */
async function trackTask(fixture: StepFixture): Promise<TaskId> {
  const task = await fixture.parked(1);
  await fixture.deps.scheduler.submit({ jobName: `clearml_task_${task}-${attempt(1)}`, script: 'login1:slurm' });
  await fixture.deps.journal.write(
    entryOf({ task, queue: OWN_QUEUE, jobId: '1' as JobId, stepAt: fixture.clock.now() }),
  );
  return task;
}

function reconcileNow({ deps, pool }: StepFixture, snapshot: Snapshot): Promise<boolean> {
  return reconcile(deps, pool, snapshot, go);
}

describe('the reconcile loop', () => {
  it('ignores a poll that began before the submission of the job (S-29)', async () => {
    const fixture = createStepFixture();
    const early = await fixture.poll();
    const task = await trackTask(fixture);
    await reconcileNow(fixture, early);
    expect(fixture.deps.journal.entries.get(task)).to.not.have.property('absentSince');

    const late = { ...(await fixture.poll()), jobs: new Map() };
    await reconcileNow(fixture, late);
    expect(fixture.deps.journal.entries.get(task)).to.have.property('absentSince');
  });

  it("ignores Slurm's record if the job id was reused for another job (S-44)", async () => {
    const fixture = createStepFixture();
    const stranger = {
      name: 'another job',
      stateWord: 'FAILED',
      exitCode: 77,
      exitSignal: undefined,
      outputPath: '/home/other/secret.out',
      nodes: 'n9',
      timeLimit: undefined,
      reason: undefined,
      restarts: 0,
    };
    const { scheduler } = fixture.deps;
    const deps = { ...fixture.deps, scheduler: { ...scheduler, record: () => Promise.resolve(stranger) } };
    const task = await trackTask(fixture);
    const [job] = fixture.cluster.jobs;
    if (job !== undefined) fixture.cluster.end(job, 'FAILED', 1);
    await reconcile(deps, fixture.pool, await fixture.poll(), go);

    expect((await fixture.read(task))?.status).to.equal('failed');
    expect(fixture.consoleOf(task).join('\n'))
      .to.match(/job 1 ended FAILED/)
      .and.not.match(/77|secret|n9/);
  });

  it("does not cancel a new job that reuses the id of the task's job (S-44)", async () => {
    const fixture = createStepFixture();
    const task = await trackTask(fixture);
    await fixture.server.call('tasks.delete', { task, force: true });
    const snapshot = await fixture.poll();
    fixture.cluster.crash();
    await fixture.deps.scheduler.submit({ jobName: 'later', script: 'login1:slurm' });
    await reconcileNow(fixture, snapshot);

    const later = fixture.cluster.jobs.find(({ name }) => name === 'later');
    expect(later).to.include({ id: '1', state: 'PENDING' });
    expect(fixture.calls).to.include('scancel 1');
  });

  it('does not change a task with a missing job while the look-up by job name fails (S-21)', async () => {
    const fixture = createStepFixture();
    const task = await trackTask(fixture);
    fixture.cluster.crash();
    for (let round = 0; round < 3; round += 1) await reconcileNow(fixture, await fixture.poll());
    fixture.fate = ({ endpoint }) => (endpoint === 'look up' ? 'not made' : undefined);
    fixture.clock.pass(24 * 3_600_000);
    for (let round = 0; round < 3; round += 1) await reconcileNow(fixture, await fixture.poll());

    expect((await fixture.read(task))?.status).to.equal('queued');
    expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([1]);
    expect(
      fixture.logged.filter((line) => line.includes('Could not look up jobs that are missing from squeue')),
    ).to.have.length(3);
  });

  it('cancels the job of a task that left the scheduler queue even if the look-up for another task fails', async () => {
    const fixture = createStepFixture();
    const removed = await trackTask(fixture);
    const lost = await fixture.parked(2);
    const times = { stepAt: fixture.clock.now(), absentSince: fixture.clock.now() };
    await fixture.deps.journal.write(entryOf({ task: lost, queue: OWN_QUEUE, jobId: '99' as JobId, ...times }));
    await fixture.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task: removed });
    const { scheduler } = fixture.deps;
    const lookUp: typeof scheduler.lookUp = async (names, _since, signal) => {
      const shown = await scheduler.list(signal);
      return mergeLookUp(names, { kind: 'failed', message: 'no slurmdbd' }, shown.kind === 'listed' ? shown.jobs : []);
    };
    const deps = { ...fixture.deps, scheduler: { ...scheduler, lookUp } };
    await reconcile(deps, fixture.pool, await fixture.poll(), go);

    expect(fixture.cluster.jobs.map(({ state }) => state)).to.deep.equal(['CANCELLED']);
    expect(fixture.deps.journal.entries.get(removed)?.cancelledFor).to.equal(REMOVED_BY_USER);
    expect([...fixture.deps.journal.entries.keys()]).to.include(lost);
  });

  it('forgets a task whose job a live peer tracks, and changes neither the job nor the task', async () => {
    const fixture = createStepFixture();
    const deps = { ...fixture.deps, peers: { ...fixture.deps.peers, isOurs: () => false } };
    const task = await trackTask(fixture);
    const before = await fixture.read(task);
    await reconcile(deps, fixture.pool, await fixture.poll(), go);

    expect(fixture.deps.journal.entries.size).to.equal(0);
    expect(await fixture.read(task)).to.deep.equal(before);
    expect(fixture.cluster.jobs[0]).to.include({ state: 'PENDING' });
    expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([1]);
  });

  for (const { what, cancelled } of [
    { what: 'a cancelled extra job', cancelled: (id: JobId) => ({ jobId: '99' as JobId, cancelledExtras: [id] }) },
    {
      what: 'the cancelled tracked job',
      cancelled: (jobId: JobId) => ({ jobId, cancelledFor: 'the task was taken out' }),
    },
  ]) {
    it(`keeps the journal entry of a peer's task while Slurm still lists ${what}`, async () => {
      const fixture = createStepFixture();
      const deps = { ...fixture.deps, peers: { ...fixture.deps.peers, isOurs: () => false } };
      const task = await trackTask(fixture);
      const [job] = fixture.cluster.jobs;
      const entry = fixture.deps.journal.entries.get(task);
      if (job === undefined || entry === undefined) throw new Error('nothing is followed');
      await fixture.deps.journal.write({ ...entry, ...cancelled(job.id) });
      await reconcile(deps, fixture.pool, await fixture.poll(), go);
      expect([...fixture.deps.journal.entries.keys()]).to.deep.equal([task]);

      fixture.cluster.vanish(job);
      await reconcile(deps, fixture.pool, await fixture.poll(), go);
      expect(fixture.deps.journal.entries.size).to.equal(0);
    });
  }

  /** Ends the job of a parked task as a killed slurmctld does, or as its script does. */
  async function failAtStart(fixture: StepFixture, { isRevoked }: { isRevoked: boolean }): Promise<TaskId> {
    const task = await trackTask(fixture);
    const [job] = fixture.cluster.jobs;
    if (job === undefined) throw new Error('no job was submitted');
    Object.assign(job, { state: 'RUNNING', startAt: fixture.clock.now(), isRevoked });
    fixture.cluster.end(job, 'FAILED', 1);
    return task;
  }

  async function reconcileAfterGrace(fixture: StepFixture): Promise<void> {
    await reconcileNow(fixture, await fixture.poll());
    fixture.clock.pass(fixture.deps.gracePeriods.endMs);
    await reconcileNow(fixture, await fixture.poll());
    await fixture.pool.finish();
  }

  it("submits another job if slurmctld was killed before the first job's script began (S-63)", async () => {
    const fixture = createStepFixture();
    const task = await failAtStart(fixture, { isRevoked: true });
    await reconcileAfterGrace(fixture);
    expect(fixture.cluster.jobs.map(({ state }) => state)).to.deep.equal(['FAILED', 'PENDING']);
    expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([1]);
    expect((await fixture.read(task))?.status).to.equal('queued');
    expect(fixture.consoleOf(task).at(-1)).to.include('(attempt 2): Slurm ended job 1 before its script began.');
  });

  it('submits another job if the first job was preempted before the gate (S-64)', async () => {
    const fixture = createStepFixture();
    const task = await trackTask(fixture);
    const [job] = fixture.cluster.jobs;
    if (job === undefined) throw new Error('no job was submitted');
    Object.assign(job, { state: 'RUNNING', startAt: fixture.clock.now() });
    fixture.cluster.end(job, 'PREEMPTED', 0);
    await reconcileAfterGrace(fixture);
    expect(fixture.cluster.jobs.map(({ state }) => state)).to.deep.equal(['PREEMPTED', 'PENDING']);
    expect(fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([1]);
    expect((await fixture.read(task))?.status).to.equal('queued');
    expect(fixture.consoleOf(task).at(-1)?.replaceAll(/\s+/g, ' ')).to.include(
      '(attempt 2): job 1 ended PREEMPTED on n1 before the task started.',
    );
  });

  it('sets the status to "failed" if the job\'s script began and then failed', async () => {
    const fixture = createStepFixture();
    const task = await failAtStart(fixture, { isRevoked: false });
    await reconcileAfterGrace(fixture);
    expect(fixture.cluster.jobs).to.have.length(1);
    expect((await fixture.read(task))?.status).to.equal('failed');
  });

  it('sets the status to "failed" if the log of the failed job cannot be read', async () => {
    const fixture = createStepFixture();
    const task = await failAtStart(fixture, { isRevoked: true });
    fixture.fate = ({ kind }) => (kind === 'host' ? 'not made' : undefined);
    await reconcileAfterGrace(fixture);
    expect(fixture.cluster.jobs).to.have.length(1);
    expect((await fixture.read(task))?.status).to.equal('failed');
  });

  it('sets the status to "failed" if the log shows that Pyxis failed at the start of the script', async () => {
    const tail = `slurmstepd-n1: error: pyxis: failed to import docker image: docker://nvcr.io#lab/missing:1
slurmstepd-n1: error: spank: required plugin spank_pyxis.so: task_init() failed with rc=-1
slurmstepd-n1: error: Failed to invoke spank plugin stack
`;
    const fixture = createStepFixture({
      jobLogs: { read: () => Promise.resolve({ kind: 'read', path: '/home/ada/1.out', tail, isWhole: true }) },
    });
    const task = await failAtStart(fixture, { isRevoked: true });
    await reconcileAfterGrace(fixture);
    expect(fixture.cluster.jobs).to.have.length(1);
    expect((await fixture.read(task))?.status).to.equal('failed');
  });

  it('sets the status to "failed" if the log of the failed job is empty', async () => {
    const fixture = createStepFixture({
      jobLogs: { read: () => Promise.resolve({ kind: 'read', path: '/home/ada/1.out', tail: '', isWhole: true }) },
    });
    const task = await failAtStart(fixture, { isRevoked: true });
    await reconcileAfterGrace(fixture);
    expect(fixture.cluster.jobs).to.have.length(1);
    expect((await fixture.read(task))?.status).to.equal('failed');
  });

  it('sets the status to "failed" and submits no other job if the queue entry of the task was removed', async () => {
    const fixture = createStepFixture();
    const task = await failAtStart(fixture, { isRevoked: true });
    await fixture.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });
    await reconcileAfterGrace(fixture);
    expect(fixture.cluster.jobs).to.have.length(1);
    expect((await fixture.read(task))?.status).to.equal('failed');
  });

  it('returns the task to its queue if a second job of the same sbatch removed the queue entry', async () => {
    const fixture = createStepFixture();
    fixture.cluster.nextFate = 'doubled';
    const task = await trackTask(fixture);
    const [, twin] = fixture.cluster.jobs;
    if (twin === undefined) throw new Error('sbatch created one job');
    Object.assign(twin, { state: 'RUNNING', startAt: fixture.clock.now() });
    await fixture.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });
    fixture.cluster.end(twin, 'NODE_FAIL', 1);
    fixture.clock.pass(fixture.deps.cluster.minJobAgeMs);
    expect(fixture.cluster.isShown(twin)).to.equal(false);
    for (let round = 0; round < 2; round += 1) await reconcileAfterGrace(fixture);

    expect(fixture.cluster.jobs.map(({ state }) => state)).to.deep.equal(['CANCELLED', 'NODE_FAIL']);
    expect((await fixture.read(task))?.status).to.equal('queued');
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1]);
  });

  it('returns the task to its queue if a peer may have removed the queue entry while sbatch was slow', async () => {
    const fixture = createStepFixture();
    const { deps, clock } = fixture;
    const task = await trackTask(fixture);
    const now = clock.now();
    const submitting = entryOf({
      task,
      queue: OWN_QUEUE,
      step: 'submitting',
      stepAt: now,
      parkedAt: now,
      jobId: undefined,
    });
    clock.pass(deps.adoptAfterMs);
    await trackJob(deps, submitting, '1' as JobId);
    await fixture.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });
    for (let round = 0; round < 2; round += 1) await reconcileAfterGrace(fixture);

    expect((await fixture.read(task))?.status).to.equal('queued');
    expect(fixture.waiting(OWN_QUEUE)).to.deep.equal([1]);
  });
});
