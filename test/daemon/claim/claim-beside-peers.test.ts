// A daemon with a peer claims as fast as one without, unless a limit is near; then still several tasks in a minute.
import { expect } from 'chai';
import type { Limits } from '../../../src/base/job-limits.ts';
import type { DaemonDeps } from '../../../src/daemon/deps.ts';
import { headsFarFromLimits } from '../../../src/daemon/claim/claim-beside-peers.ts';
import { planClaims, type ClaimState } from '../../../src/daemon/claim/plan-claims.ts';
import { createRateLimit } from '../../../src/base/token-bucket.ts';
import { advance, startDaemon } from '../run-daemon.ts';
import type { StepFixture } from '../step-fixture.ts';
import { stateOf } from './claim-states.ts';
import { enqueue, fixtureWith, metPeer, passesOf, range, submittedOf } from './limited-claims.ts';

const MINUTE_MS = 60_000;

/** squeue takes so long, and so does each reading of the queues. */
function withDelays({ deps, clock }: StepFixture, squeueMs: number, queuesMs: number): DaemonDeps {
  const { scheduler, clearml } = deps;
  const list: typeof scheduler.list = async (...args) => {
    await clock.of(1).sleep(squeueMs);
    return scheduler.list(...args);
  };
  const read: typeof clearml.queues.read = async (...args) => {
    if (queuesMs > 0) await clock.of(1).sleep(queuesMs);
    return clearml.queues.read(...args);
  };
  return {
    ...deps,
    scheduler: { ...scheduler, list },
    clearml: { ...clearml, queues: { ...clearml.queues, read } },
  };
}

const polls = ({ calls }: StepFixture): number => calls.filter((label) => label.endsWith('squeue')).length;

/** The jobs after a minute of a daemon that has a peer, with 200 tasks. */
async function jobsInMinute(fixture: StepFixture, squeueMs: number, queuesMs = 0): Promise<number> {
  await enqueue(fixture, 'ada', ...range(1, 200));
  await metPeer(fixture);
  const run = startDaemon(withDelays(fixture, squeueMs, queuesMs));
  await advance(fixture.clock, MINUTE_MS);
  const { length } = submittedOf(fixture);
  run.stop();
  // A call that has started ends.
  await advance(fixture.clock, 10_000);
  await run.ended;
  return length;
}

describe('a daemon with a peer', () => {
  for (const [limits, squeueMs, what] of [
    [{ maxGpus: 100_000 }, 10, '100,000 GPUs'],
    [{ maxGpus: 100_000 }, 1_500, '100,000 GPUs'],
    [{ maxJobs: 1_000 }, 1_500, '1,000 jobs'],
  ] satisfies [Limits, number, string][])
    it(`submits 200 tasks in a minute if the limit is ${what} and squeue takes ${squeueMs} ms`, async () => {
      const fixture = fixtureWith({}, { limits });
      expect(await jobsInMinute(fixture, squeueMs)).to.equal(200);
      expect(polls(fixture)).to.be.at.most(13);
    });

  for (const squeueMs of [10, 1_500])
    for (const [what, limits] of [
      ['20 jobs', { maxJobs: 20 }],
      ['20 GPUs', { maxGpus: 20 }],
      ['20 jobs per user', { maxJobsPerUser: 20 }],
    ] satisfies [string, Limits][])
      it(`reaches the limit of ${what} within a minute if squeue takes ${squeueMs} ms`, async () => {
        const fixture = fixtureWith({}, { limits });
        fixture.cluster.sizeOf = () => ({ nodes: 1, gpus: 1 });
        expect(await jobsInMinute(fixture, squeueMs)).to.equal(20);
        // No more load on the controller than polls may cause.
        expect(polls(fixture)).to.be.at.most(squeueMs > 1_000 ? 3 : 13);
      });

  it('submits at most one job beyond max_jobs while the worker list is unreadable', async () => {
    const fixture = fixtureWith({ limits: { maxJobs: 15 } });
    await enqueue(fixture, 'ada', ...range(1, 60));
    const peer = { ...fixture.peer(2), queues: fixture.deps.queues, rateLimit: fixture.deps.rateLimit };
    fixture.server.garble = (endpoint, response) =>
      endpoint === 'workers.get_all' ? { workers: 'too large' } : response;
    for (const { peers, clearml } of [fixture.deps, peer]) {
      await clearml.workers.register(peers.row(), 600_000);
      await peers.refresh(clearml.workers, fixture.clock.now());
    }

    await Promise.all([passesOf(fixture).claim(), passesOf(fixture, peer).claim()]);

    expect(submittedOf(fixture).length).to.be.within(15, 16);
  });

  it('submits at least 10 tasks in a minute if each read of the queues takes 1.2 s', async () => {
    const fixture = fixtureWith({}, { limits: { maxJobs: 20 } });
    expect(await jobsInMinute(fixture, 10, 1_200)).to.be.at.least(10);
  });

  it('submits 20 tasks in a minute if the rate limit is one submission per two seconds', async () => {
    const rateLimit = createRateLimit({ perSecond: 0.5, burst: 1 });
    const fixture = fixtureWith({}, { limits: { maxJobs: 20 }, rateLimit });
    expect(await jobsInMinute(fixture, 1_500)).to.equal(20);
  });
});

describe('the batch claim of a daemon with a peer', () => {
  const heads = (state: ClaimState): readonly string[] =>
    headsFarFromLimits(state, planClaims(state, 10).claims).map(({ entry }) => entry.task);
  const jobs = (count: number): string[] => Array.from({ length: count }, () => 'b');

  it('excludes the tasks of a queue or cluster whose limit permits at most 20 further jobs', () => {
    const near = { tasks: ['a3', 'a4'], limits: { maxJobs: 30 }, jobs: jobs(10) };
    expect(heads(stateOf({ free: { tasks: ['a1', 'a2'] }, near }))).to.deep.equal(['a1', 'a2']);
    expect(heads(stateOf({ near: { ...near, jobs: jobs(9) } }))).to.deep.equal(['a3', 'a4']);
    expect(heads(stateOf({ near }, { limits: { maxJobs: 30 } }))).to.deep.equal([]);
  });

  it('excludes a user who may have only 20 more jobs', () => {
    const tasks = ['b1', 'a1'];
    const state = stateOf({ own: { tasks, limits: { maxJobsPerUser: 25 }, jobs: jobs(5) } });
    expect(heads(state)).to.deep.equal([]);
    const withGpus = (gpus: number): ClaimState => {
      const given = stateOf({ own: { tasks } }, { limits: { maxGpus: 100 } });
      return { ...given, counts: { ...given.counts, gpus } };
    };
    expect(heads(withGpus(49))).to.deep.equal(['b1']);
    expect(heads(withGpus(50))).to.deep.equal([]);
  });
});
