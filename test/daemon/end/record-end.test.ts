// Tests what the history gets when a pass ends the tracking of a task.
import { expect } from 'chai';
import { act } from '../../../src/daemon/reconcile/act.ts';
import type { Action } from '../../../src/daemon/decide/action.ts';
import type { Entry } from '../../../src/daemon/journal/entry.ts';
import type { Job, JobId } from '../../../src/slurm/scheduler.ts';
import { createMemoryHistory, type MemoryHistory } from '../../support/memory-history.ts';
import { FACTS } from '../../simulation/simulated-slurm.ts';
import { OWN_QUEUE } from '../../simulation/queues.ts';
import { entryOf, jobOf } from '../decide/observations.ts';
import { createStepFixture, type StepFixture } from '../step-fixture.ts';
import { newPass } from '../reconcile/acting.ts';

const END: Action = {
  do: 'end',
  ending: { status: 'failed', reason: 'Slurm TIMEOUT', text: 'It ended.', withLog: false },
};

describe('in the history, the daemon', () => {
  let history: MemoryHistory;
  let fixture: StepFixture;

  beforeEach(() => {
    history = createMemoryHistory();
    fixture = createStepFixture({ history });
  });

  async function begun(overrides: Partial<Entry> = {}): Promise<Entry> {
    const task = await fixture.claimed(1);
    await fixture.server.call('tasks.started', { task, force: true });
    const entry = entryOf({ task, queue: OWN_QUEUE, queueName: 'own', ...overrides });
    await fixture.deps.journal.write(entry);
    return entry;
  }

  async function actOn(entry: Entry, job: Job, ...actions: readonly Action[]): Promise<void> {
    const seen = { task: await fixture.read(entry.task), place: 'nowhere', record: undefined, jobs: [job] } as const;
    await act(newPass(fixture), entry, actions, seen);
  }

  it('records the times of the job, and the owner, project and enqueue time from the journal', async () => {
    const at = fixture.clock.of(1).now();
    const times = { submittedAt: at - 50_000, startAt: at - 40_000, endedAt: at - 1_000, nodes: 'n1' };
    const origin = { userId: 'u', userName: 'Ada', project: 'vision', enqueuedAt: at - 60_000 };
    const entry = await begun({ origin });
    const now = fixture.clock.of(1).now();
    await actOn(entry, jobOf('TIMEOUT', times), END);

    expect([...history.attempts.values()]).to.deep.equal([
      {
        task: entry.task,
        attempt: entry.attempt,
        job: '7',
        recordedAt: now,
        cluster: FACTS.clusterName,
        queue: 'own',
        cause: 'timeout',
        state: 'TIMEOUT',
        ...origin,
        userId: (await fixture.read(entry.task))?.user ?? 'u',
        template: 'a.template',
        unixUser: undefined,
        partition: 'debug',
        submittedAt: times.submittedAt,
        startedAt: times.startAt,
        endedAt: times.endedAt,
        elapsedSec: 39,
        waitSec: 10,
        nodeSec: 39,
      },
    ]);
  });

  it('records no start time if the job has only an expected start', async () => {
    const entry = await begun();
    const expected = fixture.clock.of(1).now() + 60_000;
    await actOn(entry, jobOf('PENDING', { startAt: expected }), END);
    expect([...history.attempts.values()].map(({ startedAt }) => startedAt)).to.deep.equal([undefined]);
  });

  it('writes the record of an attempt before it deletes the journal entry (D-16)', async () => {
    const entry = await begun();
    const { journal } = fixture.deps;
    const hasEntry = (id: string): boolean => [...journal.entries.keys()].some((task) => task === id);
    const known: boolean[] = [];
    fixture = {
      ...fixture,
      deps: {
        ...fixture.deps,
        history: {
          ...history,
          record(attempt) {
            known.push(hasEntry(attempt.task));
            return history.record(attempt);
          },
        },
      },
    };
    await actOn(entry, jobOf('COMPLETED'), { do: 'forget' });
    expect(known).to.deep.equal([true]);
    expect(journal.entries.size).to.equal(0);
  });

  it('records the first attempt as "retried" and the second attempt as "timeout"', async () => {
    const entry = await begun();
    await actOn(entry, jobOf('FAILED'), { do: 'resubmit', why: 'its gate was closed' });
    await fixture.pool.finish();
    await actOn({ ...entry, attempt: 'b', jobId: '8' as JobId }, jobOf('TIMEOUT', { id: '8' as JobId }), END);
    expect([...history.attempts.values()].map(({ job, cause }) => [job, cause])).to.deep.equal([
      ['7', 'retried'],
      ['8', 'timeout'],
    ]);
  });

  it('writes the record of a retried attempt only when the next attempt begins', async () => {
    const entry = await begun();
    const pool = { ...fixture.pool, start: () => false };
    const seen = {
      task: await fixture.read(entry.task),
      place: 'nowhere',
      record: undefined,
      jobs: [jobOf('FAILED')],
    } as const;
    const pass = newPass({ deps: fixture.deps, pool });
    await act(pass, entry, [{ do: 'resubmit', why: 'its gate was closed' }], seen);
    expect(history.attempts.size).to.equal(0);

    await act({ ...pass, pool: fixture.pool }, entry, [{ do: 'resubmit', why: 'its gate was closed' }], seen);
    await fixture.pool.finish();
    expect([...history.attempts.values()].map(({ cause }) => cause)).to.deep.equal(['retried']);
  });

  it('writes no record for a journal entry without a job', async () => {
    const entry = await begun({ jobId: undefined });
    await actOn(entry, jobOf('COMPLETED', { id: '9' as JobId }), { do: 'forget' });
    expect(history.attempts.size).to.equal(0);
  });
});
