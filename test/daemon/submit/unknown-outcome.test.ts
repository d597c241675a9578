// An sbatch that fails in a way that leaves its outcome unknown, and whose job does not exist: the task waits, and its user sees why.
import { expect } from 'chai';
import type { DaemonDeps } from '../../../src/daemon/deps.ts';
import { parseJobName } from '../../../src/slurm/job-name.ts';
import type { Scheduler } from '../../../src/slurm/scheduler.ts';
import { range, submittedOf } from '../claim/limited-claims.ts';
import { advance, startDaemon, type DaemonRun } from '../run-daemon.ts';
import { createStepFixture, taskNumber, type StepFixture } from '../step-fixture.ts';

const MINUTE_MS = 60_000;

describe('after an unknown error message of sbatch, the daemon', () => {
  let fixture: StepFixture;
  let daemon: DaemonRun;
  let isBroken: (task: number) => boolean;
  /** The tasks of each sbatch that failed, and how many seconds after the start it ran. */
  let failures: { readonly task: number; readonly at: number }[];

  beforeEach(() => {
    failures = [];
    isBroken = () => true;
    fixture = createStepFixture();
  });

  function start(deps: DaemonDeps = fixture.deps): void {
    const { clock } = fixture;
    const from = clock.now();
    const submit: Scheduler['submit'] = (submission) => {
      const task = Number(parseJobName(submission.jobName)?.taskId);
      if (!isBroken(task)) return deps.scheduler.submit(submission);
      failures.push({ task, at: Math.round((clock.now() - from) / 1000) });
      return Promise.resolve({ kind: 'unknown', message: 'Unexpected message received.' });
    };
    daemon = startDaemon({ ...deps, scheduler: { ...deps.scheduler, submit } });
  }

  afterEach(async () => {
    await daemon.end();
  });

  it('repeats the submission at growing intervals, up to about five minutes, and keeps the task queued (S-66)', async () => {
    const task = await fixture.enqueued(1);
    start();

    await advance(fixture.clock, 60 * MINUTE_MS);

    const gaps = failures.slice(1).map(({ at }, index) => at - (failures[index]?.at ?? 0));
    for (const [index, [least, most]] of [
      [25, 45],
      [25, 60],
      [45, 90],
      [90, 150],
      [180, 270],
    ].entries())
      expect(gaps[index]).to.be.within(least ?? 0, most ?? 0);
    for (const gap of gaps.slice(5)) expect(gap).to.be.within(225, 330);
    expect(gaps).to.have.length.within(14, 20);
    expect(fixture.deps.journal.entries.get(task)).to.include({ step: 'submitting', attempts: 1 });
    expect((await fixture.read(task))?.status).to.equal('queued');
  });

  it("shows Slurm's message in the status message, and only once in the console", async () => {
    const task = await fixture.enqueued(1);
    start();
    const text =
      'sbatch failed and created no job: Unexpected message received. The daemon retries; if this lasts, ask its administrator.';

    await advance(fixture.clock, MINUTE_MS);
    expect((await fixture.read(task))?.statusMessage).to.equal(text);
    await advance(fixture.clock, 30 * MINUTE_MS);
    const lines = fixture.consoleOf(task).map((line) => line.replaceAll(/\s+/g, ' '));
    expect(lines.filter((line) => line.includes('created no job'))).to.deep.equal([text]);

    isBroken = () => false;
    await advance(fixture.clock, 6 * MINUTE_MS);

    expect(submittedOf(fixture)).to.deep.equal([1]);
    expect((await fixture.read(task))?.statusMessage).to.match(/^Slurm job 1 waits in partition/);
  });

  it('submits each of 20 tasks once when Slurm works again', async () => {
    for (const number of range(1, 20)) await fixture.enqueued(number);
    start();
    await advance(fixture.clock, 30 * MINUTE_MS);
    expect(submittedOf(fixture)).to.deep.equal([]);
    for (const number of range(1, 20)) expect((await fixture.read(taskNumber(number)))?.status).to.equal('queued');

    isBroken = () => false;
    await advance(fixture.clock, 10 * MINUTE_MS);

    expect(submittedOf(fixture)).to.have.members(range(1, 20));
  });

  it('repeats the submission only 15 to 21 times in an hour even if a peer adopts parked tasks (S-66)', async () => {
    const { clock, deps } = fixture;
    const paused = { queue: 'own', since: 0, until: null, reason: 'maintenance' };
    const adopter = startDaemon({ ...deps, pauses: () => Promise.resolve([paused]) });
    start(fixture.peer(2));
    await advance(clock, 3 * MINUTE_MS);
    const task = await fixture.enqueued(1);

    await advance(clock, 60 * MINUTE_MS);
    adopter.stop();
    await adopter.ended;

    expect(fixture.consoleOf(task).filter((line) => line.startsWith('Returned'))).to.deep.equal([]);
    expect(failures.length).to.be.within(15, 21);
  });

  it('submits other tasks within 20 s if the message concerns only one task', async () => {
    isBroken = (task) => task === 1;
    await fixture.enqueued(1);
    start();
    await advance(fixture.clock, 10 * MINUTE_MS);
    for (const number of range(2, 31)) {
      await fixture.enqueued(number);
      await advance(fixture.clock, 20_000);
      expect(submittedOf(fixture)).to.include(number);
    }
  });
});
