// Tests which lines the daemon writes to the audit log for a task, and that each is written before its effect.
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import type { AuditEvent } from '../../../src/daemon/audit/audit-line.ts';
import { withAuditedStatuses } from '../../../src/daemon/audit/audit-status-changes.ts';
import { describeSubmission } from '../../../src/daemon/audit/audit-submission.ts';
import { submitClaimedTask } from '../../../src/daemon/submit/submit-claimed-task.ts';
import { leaveToUser } from '../../../src/daemon/claim/park.ts';
import type { Action } from '../../../src/daemon/decide/action.ts';
import { act, type Basis } from '../../../src/daemon/reconcile/act.ts';
import type { Entry } from '../../../src/daemon/journal/entry.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import type { Template } from '../../../src/sbatch-template/template.ts';
import { OWN_QUEUE } from '../../simulation/queues.ts';
import { rejection } from '../../support/rejection.ts';
import { entryOf, jobOf, taskOf } from '../decide/observations.ts';
import { createStepFixture, type StepFixture } from '../step-fixture.ts';
import { addStartLine } from '../../../src/sbatch-template/job-script/job-start-line.ts';
import { newPass } from '../reconcile/acting.ts';

describe('in the audit log of a task, the daemon', () => {
  let events: AuditEvent[];
  /** The calls of the daemon and the events, in their order. */
  let order: string[];
  let fixture: StepFixture;

  beforeEach(() => {
    events = [];
    const audit = {
      write(event: AuditEvent) {
        events.push(event);
        order.push(event.event);
        return Promise.resolve();
      },
    };
    const made = createStepFixture({ audit });
    order = made.calls;
    const clearml = withAuditedStatuses(made.deps.clearml, audit, made.deps.journal);
    fixture = { ...made, deps: { ...made.deps, clearml } };
  });

  async function claimed(): Promise<Entry> {
    const task = await fixture.claimed(1);
    const { jobId: _, attempt: __, ...entry } = entryOf({ task, queue: OWN_QUEUE, queueName: 'own', attempts: 0 });
    const claiming: Entry = { ...entry, step: 'claiming', queuedAt: fixture.clock.now() };
    await fixture.deps.journal.write(claiming);
    return claiming;
  }

  async function begun(): Promise<Entry> {
    const entry = { ...(await claimed()), step: 'following', jobId: '7' as JobId } as const;
    await fixture.server.call('tasks.started', { task: entry.task, force: true });
    await fixture.deps.journal.write(entry);
    return entry;
  }

  async function actOn(entry: Entry, basis: Partial<Basis>, ...actions: readonly Action[]): Promise<void> {
    const seen: Basis = {
      task: await fixture.read(entry.task),
      place: 'nowhere',
      record: undefined,
      jobs: [jobOf('RUNNING')],
      ...basis,
    };
    await act(newPass(fixture), entry, actions, seen);
  }

  it('records the claim, and records sbatch both before and after the call', async () => {
    const entry = await claimed();
    const [queue = expect.fail('no queue is served')] = fixture.deps.queues;
    await submitClaimedTask(fixture.deps, entry, { queue, isParked: false });

    expect(events.map(({ event }) => event)).to.deep.equal(['claimed', 'submitting', 'submitted']);
    const sbatch = order.findIndex((call) => call.startsWith('sbatch'));
    expect(order.indexOf('submitting')).to.be.below(sbatch);
    expect(order.indexOf('submitted')).to.be.above(sbatch);
    expect(events[1]).to.deep.include({
      queue: 'own',
      attempt: 1,
      owner: { id: (await fixture.read(entry.task))?.user, name: 'Sandbox User' },
      template: { file: 'a.template', sha256: undefined },
      scriptSha256: createHash('sha256').update(addStartLine(fixture.deps.worker)).digest('hex'),
    });
    expect(events[2]).to.include({ job: String(fixture.cluster.jobs[0]?.id) });
  });

  for (const [by, title, change, why] of [
    ['user', 'an aborted task', { task: taskOf('stopped') }, 'the task was aborted'],
    ['user', 'a deleted task', { task: undefined }, 'the task was deleted'],
    [
      'user',
      'a task that was enqueued in another queue',
      { task: taskOf('queued'), place: 'another queue' },
      'enqueued again',
    ],
    ['daemon', 'a parked task that cannot start', { task: taskOf('queued'), place: 'parked' }, 'it cannot start'],
  ] as const) {
    it(`records the requester "${by}" before it cancels the job of ${title}`, async () => {
      const entry = await begun();
      const seen = { ...change, task: change.task && { ...change.task, id: entry.task } };
      fixture.deps.clearml.tasks.get = () =>
        Promise.resolve(seen.task === undefined ? undefined : { task: seen.task, document: {} });
      await actOn(entry, seen, { do: 'cancel', jobIds: ['7' as JobId], why });
      expect(events).to.deep.equal([{ event: 'cancelling', task: entry.task, queue: 'own', jobs: ['7'], by, why }]);
    });
  }

  for (const [by, status, reason] of [
    ['user', 'stopped', 'aborted'],
    ['slurm', 'stopped', 'cancelled in Slurm'],
    ['daemon', 'failed', 'Slurm TIMEOUT'],
  ] as const) {
    it(`records the requester "${by}" when it sets the status to "${status}" with the reason "${reason}"`, async () => {
      const entry = await begun();
      await actOn(entry, {}, { do: 'end', ending: { status, reason, text: 'It ended.', withLog: false } });
      expect(events).to.deep.equal([
        {
          event: 'changing status',
          task: entry.task,
          queue: 'own',
          job: '7',
          to: status,
          action: 'end',
          by,
          reason,
          message: 'It ended.',
        },
      ]);
    });
  }

  it('records the requester "user" before it repeats a user\'s abort that the agent has overwritten', async () => {
    const entry = await begun();
    await fixture.server.call('workers.status_report', { worker: 'login1:slurm:7', task: entry.task, timestamp: 0 });
    await actOn(entry, {}, { do: 'repeat-abort' });
    expect(events).to.deep.equal([
      {
        event: 'changing status',
        task: entry.task,
        queue: 'own',
        job: '7',
        to: 'stopped',
        action: 'repeat-abort',
        by: 'user',
        reason: 'aborted',
        message: '',
      },
    ]);
    expect(await fixture.read(entry.task)).to.include({ status: 'in_progress', statusMessage: 'stopping' });
  });

  for (const [reason, what] of [
    ['cancelled in Slurm', 'the status reason "cancelled in Slurm"'],
    ['toString', 'the status reason "toString"'],
    ['', 'an empty status reason'],
  ] as const) {
    it(`records the requester "user" when it repeats an abort with ${what}`, async () => {
      const entry = await begun();
      const { audit, journal, clearml } = fixture.deps;
      const tasks = { ...clearml.tasks, stop: () => Promise.resolve() };
      const deps = { ...fixture.deps, clearml: withAuditedStatuses({ ...clearml, tasks }, audit, journal) };
      const task = taskOf('queued', { id: entry.task, statusReason: reason, statusMessage: 'Stopped by Ada' });
      events.length = 0;
      await leaveToUser(deps, entry, task);
      expect(events).to.have.length(1);
      expect(events[0]).to.include({ event: 'changing status', by: 'user', reason });
    });
  }

  it('records the requester "daemon" when it fails a task with the status reason "toString"', async () => {
    const entry = await begun();
    const { audit, journal, clearml } = fixture.deps;
    const tasks = { ...clearml.tasks, fail: () => Promise.resolve() };
    const audited = withAuditedStatuses({ ...clearml, tasks }, audit, journal);
    await audited.tasks.fail(entry.task, { reason: 'toString', message: '' }, { force: false });
    expect(events[0]).to.include({ by: 'daemon' });
  });

  it('records the error if ClearML rejects a status change', async () => {
    const entry = await begun();
    const note = { reason: 'Slurm FAILED', message: 'It ended.' };
    const { audit, journal, clearml } = fixture.deps;
    const tasks = { ...clearml.tasks, fail: () => Promise.reject(new Error('it has changed')) };
    const audited = withAuditedStatuses({ ...clearml, tasks }, audit, journal);
    const { message } = await rejection(audited.tasks.fail(entry.task, note, { force: false }));
    expect(events.at(-1)).to.deep.equal({
      event: 'status not changed',
      task: entry.task,
      queue: 'own',
      job: '7',
      why: message,
    });
  });

  it('records the final status of a task even if the agent set this status', async () => {
    const entry = await begun();
    await fixture.server.call('tasks.completed', { task: entry.task });
    await actOn(entry, {}, { do: 'forget' });
    expect(events).to.deep.equal([{ event: 'ended', task: entry.task, queue: 'own', job: '7', status: 'completed' }]);
  });
});

describe('the audit line of a submission', () => {
  const entry = entryOf({ origin: { enqueuedAt: Date.UTC(2026, 10, 15) } });
  const QUEUE = { template: { file: 'a.template' } as Template, properties: [{ name: 'partition' }] };

  function describeOf(document: Readonly<Record<string, unknown>>, userId = 7): AuditEvent {
    const read = { task: taskOf('queued', { id: entry.task }), document };
    return describeSubmission({ entry, jobName: 'j', script: '', read, queue: QUEUE, why: undefined, userId });
  }

  it('contains the user properties, with their secrets masked', () => {
    const properties = {
      partition: { value: 'gpu' },
      hf_token: { value: 'abcdefgh' },
      extra: { value: '--export=API_KEY=abcdefgh' },
      nodes: { value: 2 },
    };
    expect(describeOf({ hyperparams: { properties } })).to.deep.include({
      properties: {
        partition: 'gpu',
        hf_token: '********',
        extra: '--export=API_KEY=********',
        nodes: '2',
      },
    });
  });

  for (const [title, value] of [
    ['quotes', `"' `.repeat(1_400_000)],
    ['one quoted word', `"${'a'.repeat(12_000_000)}`],
    ['a deeply nested list', Array.from({ length: 100_000 }).reduce((inner) => [inner], 0)],
  ] as const) {
    it(`contains only the beginning of a long user property that consists of ${title}`, () => {
      const event = describeOf({ hyperparams: { properties: { note: { value }, partition: { value: 'gpu' } } } });
      const { note = '', partition } = 'properties' in event ? event.properties : {};
      expect(note.length).to.be.within(1, 1_100);
      expect(partition).to.equal('gpu');
    });
  }

  it('contains no part of a secret if a user property is truncated in the middle of the secret', () => {
    const value = `${'a '.repeat(490)}https://ada:${'secret'.repeat(20)}@example.org`;
    const event = describeOf({ hyperparams: { properties: { note: { value } } } });
    expect(event).to.deep.include({ properties: { note: `${'a '.repeat(490)}… (${value.length} characters)` } });
  });

  it('contains at most 100 user properties, and the number of omitted properties', () => {
    const properties = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`a${index}`, { value: 'b' }]));
    const event = describeOf({ hyperparams: { properties: { ...properties, partition: { value: 'gpu' } } } });
    expect(event).to.include({ propertiesLeftOff: 51 });
    expect(Object.entries('properties' in event ? event.properties : {}).slice(0, 2)).to.deep.equal([
      ['partition', 'gpu'],
      ['a0', 'b'],
    ]);
  });

  it('contains no user properties if the task has none', () => {
    expect(describeOf({ hyperparams: {} })).to.deep.include({ properties: {}, unixUser: 'uid 7' });
  });

  it('names root if the daemon runs as root', () => {
    expect(describeOf({}, 0)).to.include({ unixUser: 'root (uid 0)' });
  });

  it('names the user who enqueued the task only if the task was not edited afterwards', () => {
    const enqueued = { last_change: '2026-11-15T00:00:00.400000+00:00', last_changed_by: 'u' };
    expect(describeOf(enqueued)).to.include({ enqueuedBy: 'u' });
    const edited = { ...enqueued, last_change: '2026-11-15T00:01:00+00:00' };
    expect(describeOf(edited)).to.include({ enqueuedBy: undefined });
  });
});
