// Tests that a task whose job reached its time limit waits parked, and with few calls, while Slurm accepts no more jobs.
import { expect } from 'chai';
import type { QueueId, TaskId } from '../../../src/clearml/ids.ts';
import type { DaemonDeps } from '../../../src/daemon/deps.ts';
import { reconcile } from '../../../src/daemon/reconcile/reconcile.ts';
import { createRefusalHolds } from '../../../src/daemon/submit/slurm-refusal-holds.ts';
import { createBackoff } from '../../../src/daemon/submit/submission-backoff.ts';
import { createSubmissionPool, type SubmissionPool } from '../../../src/daemon/submit/submission-pool.ts';
import { formatJobName, newAttempt } from '../../../src/slurm/job-name.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { entryOf } from '../decide/observations.ts';
import { createBed } from '../user-map-bed.ts';
import { adopterOf, taskNumber, type StepFixture } from '../step-fixture.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';

const go = new AbortController().signal;
const POLL_MS = 15_000;

interface Run {
  readonly fixture: StepFixture;
  readonly deps: DaemonDeps;
  readonly pool: SubmissionPool;
  readonly task: TaskId;
  /** Slurm's message, while it refuses all submissions. */
  refusal: string | undefined;
  /** sudo refuses the submissions of alice. */
  readonly refused: Set<string>;
  /** How many submissions were made, also those that sudo refused. */
  submissions(): number;
  /** The clearml.conf files in the shared directory. */
  readonly files: ReadonlySet<string>;
}

/** A task of alice, or of the user of the daemon, whose job has reached its time limit. */
async function timedOut(owner: 'a1' | 'd0' = 'd0', backoff = createBackoff(() => 1)): Promise<Run> {
  const { fixture, users, deps: usual, enqueued } = createBed();
  const files = new Set<string>();
  let submissions = 0;
  const deps: DaemonDeps = {
    ...usual,
    queues: usual.queues.map((queue) => ({ ...queue, resubmitOnTimeout: 2 })),
    scheduler: {
      ...usual.scheduler,
      submit(submission) {
        submissions += 1;
        if (run.refusal !== undefined) return Promise.resolve({ kind: 'backpressure', message: run.refusal });
        return usual.scheduler.submit(submission);
      },
    },
    transport: {
      ...usual.transport,
      run(command) {
        const [file] = /\/shared\/jobs\/\S+\.conf/.exec(command.args.join(' ')) ?? [];
        if (file !== undefined && command.program === 'rm') files.delete(file);
        else if (file !== undefined) files.add(file);
        return usual.transport.run(command);
      },
    },
  };
  const pool = createSubmissionPool(deps, backoff);
  const task = await enqueued(1, owner);
  const run: Run = {
    fixture,
    deps,
    pool,
    task,
    refusal: undefined,
    refused: users.refused,
    submissions: () => submissions,
    files,
  };
  await fixture.server.call('queues.get_next_task', { queue: OWN_QUEUE });
  await fixture.server.call('tasks.started', { task, force: true });
  const attempt = newAttempt(fixture.clock.now(), deps.mark, deps.randomToken());
  const runAs = owner === 'a1' ? { name: 'alice', uid: 1001 } : undefined;
  await usual.scheduler.submit({ jobName: formatJobName(task, attempt), script: 'login1:slurm', runAs });
  const [job] = fixture.cluster.jobs;
  if (job === undefined) throw new Error('no job was submitted');
  Object.assign(job, { state: 'RUNNING', startAt: fixture.clock.now() });
  fixture.cluster.end(job, 'TIMEOUT', 0);
  const stepAt = fixture.clock.now();
  await deps.journal.write({
    ...entryOf({ task, queue: OWN_QUEUE, queueName: 'own', jobId: '1' as JobId, attempt, stepAt }),
    ...(runAs === undefined ? {} : { unixUser: runAs }),
  });
  return run;
}

async function pass({ fixture, deps, pool }: Run): Promise<void> {
  fixture.clock.pass(POLL_MS);
  await reconcile(deps, pool, await fixture.poll(), go);
  await pool.finish();
}

/** Passes for this long. */
async function passFor(run: Run, ms: number): Promise<void> {
  const until = run.fixture.clock.now() + ms;
  while (run.fixture.clock.now() < until) await pass(run);
}

function acceptNoJobs({ fixture }: Run): void {
  fixture.fate = ({ endpoint }) => {
    if (endpoint === 'sbatch') fixture.cluster.nextFate = 'backpressure';
    return undefined;
  };
}

describe('a task that waits for its resubmission after TIMEOUT', () => {
  it('stays parked without a clearml.conf while Slurm accepts no jobs for an hour', async () => {
    const run = await timedOut();
    acceptNoJobs(run);
    const hour = 3_600_000;
    await passFor(run, hour);

    // At most every five minutes, and a few more at the beginning.
    expect(run.submissions()).to.be.within(5, 17);
    expect([...run.files]).to.deep.equal([]);
    expect(run.fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([1]);
    expect(run.fixture.logged.join('\n'))
      .to.include('warn: Slurm accepts no more jobs now; the task stays parked')
      .and.not.include('returning the task');
  });

  it('keeps its count of timeouts until Slurm accepts the next job', async () => {
    const run = await timedOut();
    acceptNoJobs(run);
    await passFor(run, 600_000);
    run.fixture.fate = () => undefined;
    run.fixture.cluster.nextFate = 'accepted';
    await passFor(run, 330_000);

    expect(run.fixture.cluster.jobs.map(({ state }) => state)).to.deep.equal(['TIMEOUT', 'PENDING']);
    expect(run.deps.journal.entries.get(run.task)).to.deep.include({ jobId: '2', timedOutJobs: ['1'], attempts: 1 });
    expect(run.files.size).to.equal(1);
  });

  it('stays parked, and delays no other queue, while Slurm refuses the jobs of its queue', async () => {
    const holds = createRefusalHolds(() => 1, { queues: [OWN_QUEUE], hasPriorities: true });
    const backoff = createBackoff(() => 1, { holds });
    const run = await timedOut('d0', backoff);
    run.refusal = "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)";
    await passFor(run, 600_000);

    expect(run.submissions()).to.be.within(3, 6);
    expect(backoff.until(run.fixture.clock.now())).to.equal(0);
    expect(run.fixture.waiting(SCHEDULER_QUEUE)).to.deep.equal([1]);
    run.refusal = undefined;
    await passFor(run, 330_000);
    expect(run.fixture.cluster.jobs.map(({ state }) => state)).to.deep.equal(['TIMEOUT', 'PENDING']);
  });

  it("stays parked while sudo refuses to run sbatch as the task's Unix user", async () => {
    const run = await timedOut('a1');
    run.refused.add('alice');
    await passFor(run, 600_000);

    // After one, two and four minutes.
    expect(run.submissions()).to.be.within(3, 5);
    run.refused.clear();
    await passFor(run, 600_000);
    expect(run.fixture.cluster.jobs.map(({ state }) => state)).to.deep.equal(['TIMEOUT', 'PENDING']);
  });

  it('is not adopted by a peer, which does not know the count of timeouts', async () => {
    const run = await timedOut();
    const other = run.fixture.peer(2);
    const peers = { ...other.peers, isOurs: (_: QueueId, mark: string | undefined) => mark === undefined };
    const peer: DaemonDeps = { ...other, peers };
    acceptNoJobs(run);
    for (let minute = 0; minute < 20; minute += 1) {
      await passFor(run, 60_000);
      await adopterOf(peer).adopt(await run.fixture.poll(), { everywhere: true, signal: go });
      expect([...peer.journal.entries.keys()]).to.deep.equal([]);
    }
    expect(run.deps.journal.entries.get(taskNumber(1))).to.deep.include({ timedOutJobs: ['1'] });
  });
});
