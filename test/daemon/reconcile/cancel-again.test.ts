// Tests how often a job is cancelled, and what is recorded of that.
import { expect } from 'chai';
import { isCancelDue, withCancelled } from '../../../src/daemon/reconcile/cancel-again.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { entryOf, NOW } from '../decide/observations.ts';

const OWN = { do: 'cancel', jobIds: ['7' as JobId], why: 'the task was deleted' } as const;
const EXTRA = { do: 'cancel', jobIds: ['8' as JobId], why: 'the task has another job, 7' } as const;

describe('the record of cancelled jobs', () => {
  it('permits another cancellation of a job only after a minute', () => {
    for (const cancel of [OWN, EXTRA]) {
      expect(isCancelDue(entryOf(), cancel, NOW)).to.equal(true);
      const entry = withCancelled(entryOf(), cancel, NOW);
      expect([0, 59_999, 60_000].map((ms) => isCancelDue(entry, cancel, NOW + ms))).to.deep.equal([false, false, true]);
    }
  });

  it('permits further cancellations of a tracked job at growing intervals, up to an hour (S-38)', () => {
    let entry = withCancelled(entryOf(), OWN, NOW);
    const minutes: number[] = [];
    for (let minute = 1; minute <= 300; minute += 1) {
      const now = NOW + minute * 60_000;
      if (!isCancelDue(entry, OWN, now)) continue;
      minutes.push(minute);
      entry = withCancelled(entry, OWN, now);
    }

    expect(minutes).to.deep.equal([1, 2, 4, 8, 16, 32, 64, 124, 184, 244]);
    const other = { ...OWN, why: 'the task was aborted' };
    expect(isCancelDue(withCancelled(entry, other, NOW), other, NOW + 60_000), 'another reason').to.equal(true);
  });

  it('permits another cancellation after a minute if an older version of the daemon wrote the record', () => {
    const entry = { ...entryOf(), cancelledFor: OWN.why, cancelledAt: NOW };

    expect(isCancelDue(entry, OWN, NOW + 60_000)).to.equal(true);
    expect(isCancelDue(withCancelled(entry, OWN, NOW + 60_000), OWN, NOW + 120_000)).to.equal(true);
  });

  it('permits another cancellation immediately if the reason is different', () => {
    const entry = withCancelled(entryOf(), OWN, NOW);

    expect(isCancelDue(entry, { ...OWN, why: 'the task was aborted' }, NOW)).to.equal(true);
  });

  it('permits the cancellations of a tracked job and of an extra job within the same minute', () => {
    expect(isCancelDue(withCancelled(entryOf(), EXTRA, NOW), OWN, NOW)).to.equal(true);
    expect(isCancelDue(withCancelled(entryOf(), OWN, NOW), EXTRA, NOW)).to.equal(true);
    const another = { ...EXTRA, jobIds: ['8' as JobId, '9' as JobId] };
    expect(isCancelDue(withCancelled(entryOf(), EXTRA, NOW), another, NOW)).to.equal(true);
  });

  it('contains only the newest 100 extra jobs', () => {
    let entry = entryOf();
    for (let pass = 0; pass < 100; pass += 1) {
      const jobIds = Array.from({ length: 1_000 }, (_, number) => String(1_000_000 + pass * 1_000 + number) as JobId);
      entry = withCancelled(entry, { ...EXTRA, jobIds }, NOW);
    }

    expect(entry.cancelledExtras).to.have.length(100).and.to.include('1099999');
  });

  it('contains the ids of cancelled extra jobs and the reason for the cancellation of the tracked job', () => {
    const entry = withCancelled(withCancelled(entryOf(), EXTRA, NOW), EXTRA, NOW + 60_000);

    expect(entry).to.deep.equal({ ...entryOf(), cancelledExtras: ['8'], cancelledExtrasAt: NOW + 60_000 });
    const both = { ...OWN, jobIds: [...EXTRA.jobIds, ...OWN.jobIds] };
    for (const own of [OWN, both])
      expect(withCancelled(entry, own, NOW)).to.include({ cancelledFor: OWN.why, cancelledAt: NOW });
  });
});
