// The page of a task: whose log it shows, and which script.
import { expect } from 'chai';
import type { App } from '../../../src/assembly/app.ts';
import type { Mapping } from '../../../src/base/resolve-user-map.ts';
import type { DaemonDeps } from '../../../src/daemon/deps.ts';
import type { Entry } from '../../../src/daemon/journal/entry.ts';
import { createMonitor, type Monitor } from '../../../src/daemon/monitor/monitor.ts';
import { prepare } from '../../../src/daemon/submit/submit-parked-task.ts';
import { createUnixUsers } from '../../../src/daemon/users/unix-users.ts';
import { formatJobName, newAttempt } from '../../../src/slurm/job-name.ts';
import type { JobId, JobRecord, RecordOptions } from '../../../src/slurm/scheduler.ts';
import { escapeHtml } from '../../../src/web/pages/html.ts';
import { createTaskPages, type TaskPages } from '../../../src/web/pages/task-page.ts';
import { entryOf, NOW } from '../../daemon/decide/observations.ts';
import { createStepFixture, taskNumber, type StepFixture } from '../../daemon/step-fixture.ts';

const TASK = taskNumber(1);
const ATTEMPT = newAttempt(NOW, 'mark1', '0001');
const ALICE = { name: 'alice', uid: 1001, home: '/home/alice' };
const TAIL = 'a line of the log';

interface Bed {
  readonly fixture: StepFixture;
  readonly monitor: Monitor;
  readonly deps: DaemonDeps;
  readonly pages: TaskPages;
  /** What Slurm was asked for. */
  readonly asked: (RecordOptions | undefined)[];
}

function createBed(found: Partial<JobRecord> | undefined, more: Partial<DaemonDeps> = {}): Bed {
  const fixture = createStepFixture();
  const monitor = createMonitor(fixture.clock);
  const asked: (RecordOptions | undefined)[] = [];
  const record = found && ({ name: formatJobName(TASK, ATTEMPT), ...found } as JobRecord);
  const deps = monitor.open({ name: undefined, stateDir: '/state', pollMs: 15_000 }).watch({
    ...fixture.deps,
    scheduler: {
      ...fixture.deps.scheduler,
      record(_id, options) {
        asked.push(options);
        return Promise.resolve(record);
      },
    },
    jobLogs: { read: (its) => Promise.resolve(its && { kind: 'read', path: '/logs/job', tail: TAIL }) },
    ...more,
  });
  const app = { secrets: { redact: (text: string) => text } } as App;
  const site = { version: '0', hostName: 'login1', webServer: undefined, assetsMark: '' };
  return { fixture, monitor, deps, asked, pages: createTaskPages(app, monitor, site, () => fixture.clock.now()) };
}

function tracked(more: Partial<Entry> = {}): Entry {
  return entryOf({ task: TASK, step: 'following', jobId: '17' as JobId, attempt: ATTEMPT, ...more });
}

describe('the page of a task', () => {
  async function logPage(found: Partial<JobRecord> | undefined, entry: Partial<Entry> = {}): Promise<string> {
    const { deps, pages } = createBed(found);
    await deps.journal.write(tracked(entry));
    return (await pages.page(TASK, 'log')) ?? '';
  }

  it("shows the log of the task's job", async () => {
    expect(await logPage({})).to.contain(TAIL);
  });

  it('shows no log if Slurm has given the job id to another job', async () => {
    const strangers: readonly (Partial<JobRecord> | undefined)[] = [
      undefined,
      { name: 'train' },
      { name: formatJobName(taskNumber(2), ATTEMPT) },
      { name: formatJobName(TASK, newAttempt(NOW, 'mark2', '0002')) },
      { isOthers: true },
    ];
    for (const stranger of strangers) {
      const page = await logPage(stranger);
      expect(page).to.contain('Slurm no longer knows job 17 of this task').and.not.contain(TAIL);
    }
  });

  it("shows the log of another Unix user's job only if the daemon has adopted the job", async () => {
    expect(await logPage({ isOthers: true }, { isOthersJob: true })).to.contain(TAIL);
    expect(await logPage({ isOthers: true, name: 'train' }, { isOthersJob: true })).to.not.contain(TAIL);
  });

  it("looks up the job as the job's Unix user even after the task has ended", async () => {
    const { deps, monitor, pages, asked } = createBed({ name: 'train' });
    await deps.journal.write(tracked({ unixUser: ALICE }));
    const [cluster] = monitor.clusters();
    cluster?.histories.recorded({ task: TASK, queue: 'own', recordedAt: NOW, cluster: 'c', cause: 'completed' });
    await deps.journal.forget(TASK);

    const page = await pages.page(TASK, 'log');

    expect(page).to.contain('Ended: completed').and.not.contain(TAIL);
    expect(asked).to.deep.equal([{ name: formatJobName(TASK, ATTEMPT), runAs: ALICE }]);
  });

  it('shows the log of the previous attempt while the next attempt is submitted', async () => {
    const { deps, pages, asked } = createBed({});
    await deps.journal.write(tracked());
    const next = newAttempt(NOW, 'mark1', '0002');
    await deps.journal.write(tracked({ step: 'submitting', jobId: undefined, attempt: next, attempts: 2 }));

    expect(await pages.page(TASK, 'log')).to.contain(TAIL);
    expect(asked).to.deep.equal([{ name: formatJobName(TASK, ATTEMPT), runAs: undefined }]);
  });

  it("shows the script that the daemon would submit as the owner's Unix user", async () => {
    const { fixture, deps, pages } = createBed(undefined, scriptsFor({ kind: 'run as', user: ALICE }));
    await fixture.enqueued(1);
    const entry = tracked({ queueName: 'own' });
    await deps.journal.write(entry);
    const read = await deps.clearml.tasks.get(TASK);
    const [queue] = deps.queues;
    if (read === undefined || queue === undefined) throw new Error('the task is gone');

    const prepared = await prepare(deps, entry, { queue, read });

    const script = prepared?.script.replaceAll(prepared.entry.attempt, ATTEMPT);
    expect(script).to.contain('alice').and.not.contain('/shared');
    expect(await pages.page(TASK, 'script')).to.contain(escapeHtml(script ?? ''));
  });

  it("reports that the task's owner has no Unix user", async () => {
    const { fixture, deps, pages } = createBed(undefined, scriptsFor({ kind: 'rejected', reason: 'no entry' }));
    await fixture.enqueued(1);
    await deps.journal.write(tracked({ queueName: 'own' }));

    expect(await pages.page(TASK, 'script')).to.contain('The task would not be submitted: no entry');
  });
});

/** Templates whose script is the blocks of the job, and a map with this fallback. */
function scriptsFor(fallback: Mapping): Partial<DaemonDeps> {
  const { queues, job } = createStepFixture().deps;
  return {
    unixUsers: createUnixUsers({ byOwner: new Map(), fallback, problems: [] }),
    job: { ...job, sharedDir: '/shared' },
    queues: queues.map((queue) => ({
      ...queue,
      template: {
        ...queue.template,
        render: (_variables, blocks) => ({ script: Object.values(blocks).join('\n'), uses: [] }),
      },
    })),
  };
}
