// How the calls to Slurm count against the rate limit, and how high it is.
import { expect } from 'chai';
import { createRateLimit } from '../../src/base/token-bucket.ts';
import { clusterRate, withRateLimit } from '../../src/slurm/spend-rate-limit-tokens.ts';
import type { EndDetails, JobFigures, JobId, Scheduler } from '../../src/slurm/scheduler.ts';
import { createSimulatedClock } from '../simulation/clock.ts';

const NOW = Date.UTC(2026, 0, 1, 12);

describe('the rate limit of calls to a cluster', () => {
  it('is the configured rate if the controller has no limit', () => {
    expect(clusterRate(10, undefined)).to.deep.equal({ perSecond: 10, burst: 20 });
    expect(clusterRate(0.1, undefined)).to.deep.equal({ perSecond: 0.1, burst: 1 });
  });

  it("is the lower of the configured rate and four fifths of the controller's limit per user", () => {
    expect(clusterRate(10, { perSecond: 2, burst: 30 })).to.deep.equal({ perSecond: 1.6, burst: 20 });
    expect(clusterRate(10, { perSecond: 1, burst: 1 })).to.deep.equal({ perSecond: 0.8, burst: 1 });
    expect(clusterRate(0.5, { perSecond: 2, burst: 30 })).to.deep.equal({ perSecond: 0.5, burst: 1 });
  });
});

describe('the Slurm client with a rate limit', () => {
  const listed = { kind: 'listed', jobs: [] } as const;

  function limited(tookMs = 0): { scheduler: Scheduler; limit: ReturnType<typeof createRateLimit>; now: () => number } {
    const owned = createSimulatedClock(NOW);
    const clock = owned.of(1);
    const limit = createRateLimit({ perSecond: 1, burst: 10 });
    const slow = async (): Promise<typeof listed> => {
      owned.pass(tookMs);
      return await Promise.resolve(listed);
    };
    const inner: Scheduler = {
      facts: () => Promise.reject(new Error('no facts')),
      submit: () => Promise.resolve({ kind: 'unknown', message: '' }),
      list: slow,
      listAllUsers: slow,
      sizes: () => Promise.resolve(() => undefined),
      lookUp: slow,
      record: () => Promise.resolve(undefined),
      endDetails: () => Promise.resolve(new Map<JobId, EndDetails>()),
      figures: () => Promise.resolve(new Map<JobId, JobFigures>()),
      cancel: () => Promise.resolve(),
    };
    return { scheduler: withRateLimit(inner, limit, clock), limit, now: () => clock.now() };
  }

  it('spends a token for each query and each cancelled job, but none for a submission', async () => {
    const { scheduler, limit, now } = limited();
    await scheduler.list();
    await scheduler.listAllUsers();
    await scheduler.lookUp(['a', 'b'], 0);
    await scheduler.record('7' as JobId);
    await scheduler.cancel(['7', '8'].map((id) => ({ id: id as JobId, name: 'a' })));
    await scheduler.figures([{ id: '7' as JobId, name: 'a' }]);
    await scheduler.facts().catch(() => undefined);
    expect(await scheduler.submit({ jobName: 'a', script: '' })).to.deep.equal({ kind: 'unknown', message: '' });

    let left = 0;
    for (; limit.waitMs(now()) === 0; left += 1) limit.spend(now());
    expect(left).to.equal(2);
  });

  it('makes the next call wait longer after a slow squeue', async () => {
    const { scheduler, limit, now } = limited(4_000);
    await scheduler.list();

    while (limit.waitMs(now()) === 0) limit.spend(now());
    expect(limit.waitMs(now())).to.equal(4_000);
  });
});
