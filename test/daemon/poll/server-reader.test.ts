// Tests that a poll which reads only what changed shows the same as one that reads everything.
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import fc from 'fast-check';
import type { TaskId } from '../../../src/clearml/ids.ts';
import type { Task } from '../../../src/clearml/task.ts';
import { decide } from '../../../src/daemon/decide/decide.ts';
import type { Entry } from '../../../src/daemon/journal/entry.ts';
import { readPlaces, type ServerState } from '../../../src/daemon/poll/poll.ts';
import { isAtRest } from '../../../src/daemon/poll/read-plan.ts';
import { createServerReader, type ServerReader } from '../../../src/daemon/poll/server-reader.ts';
import { formatJobName } from '../../../src/slurm/job-name.ts';
import type { Job, JobId } from '../../../src/slurm/scheduler.ts';
import { OTHER_QUEUE, OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';
import { attempt, entryOf, GRACES, jobOf } from '../decide/observations.ts';
import { fuzzCases } from '../../support/fuzz-cases.ts';
import { createStepFixture, taskNumber, type StepFixture } from '../step-fixture.ts';

const QUEUES = [OWN_QUEUE, OTHER_QUEUE, SCHEDULER_QUEUE] as const;
const JOB_STATES = ['PENDING', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED', undefined] as const;
/** Reads only what changed, and one task in full. */
const INCREMENTAL = { fullUpTo: 0, perSweep: 1 };

interface Bed {
  readonly fixture: StepFixture;
  readonly reader: ServerReader;
  readonly tasks: readonly TaskId[];
}

/** Parked tasks, each with a pending job whose reason is known. */
async function createBed(count: number, readLimits = INCREMENTAL): Promise<Bed> {
  const fixture = createStepFixture({ readLimits });
  const { deps, server, clock } = fixture;
  const tasks = Array.from({ length: count }, (_, index) => taskNumber(index + 1));
  for (const task of tasks) {
    await fixture.enqueued(Number(task));
    await server.call('queues.remove_task', { queue: OWN_QUEUE, task });
    await server.call('queues.add_task', { queue: SCHEDULER_QUEUE, task, update_execution_queue: false });
    await deps.journal.write(entryFor(task));
  }
  clock.pass(3_600_000);
  await deps.clearml.workers.register(deps.peers.row(), 600_000);
  await hear(fixture);
  return { fixture, tasks, reader: createServerReader(deps) };
}

function entryFor(task: TaskId): Entry {
  const jobId = String(Number(task)) as JobId;
  return entryOf({
    task,
    queue: OWN_QUEUE,
    jobId,
    told: { reason: `${jobId}:debug:Priority`, startedOn: `${jobId}@` },
  });
}

function jobsFor(task: TaskId, state: (typeof JOB_STATES)[number]): Job[] {
  if (state === undefined) return [];
  const id = String(Number(task)) as JobId;
  return [jobOf(state, { id, name: formatJobName(task, attempt(1)), reason: 'Priority' })];
}

/** A heartbeat, and a reading of all heartbeats as at the end of a pass. */
async function hear({ deps, clock }: StepFixture): Promise<void> {
  await deps.clearml.workers.report(deps.peers.row());
  await deps.peers.refresh(deps.clearml.workers, clock.now());
}

/** A poll that finds each job as its task's status would have it. */
async function pollAtRest({ fixture, reader, tasks }: Bed): Promise<ServerState> {
  const state = await reader.read();
  reader.note({ tasks: state.tasks, jobs: new Map(tasks.map((id) => [id, usualJobs(id, state.tasks.get(id))])) });
  await hear(fixture);
  return state;
}

function usualJobs(id: TaskId, task: Task | undefined): Job[] {
  return jobsFor(id, task?.status === 'in_progress' ? 'RUNNING' : 'PENDING');
}

/** What a poll of everything reads. */
async function readEverything({ fixture: { deps }, tasks }: Bed): Promise<ServerState> {
  return {
    ...(await deps.clearml.queues.readAll()),
    ...(await deps.clearml.tasks.read(tasks)),
    isRemembered: () => false,
    readNext: () => undefined,
  };
}

interface Act {
  readonly endpoint: string;
  readonly task: number;
  readonly queue: number;
  /** After how many polls the act becomes visible, with the time at which it began. */
  readonly lateBy: number;
  readonly afterMs: number;
}

const anyAct: fc.Arbitrary<Act> = fc.record({
  endpoint: fc.constantFrom(
    ...['tasks.stop', 'tasks.started', 'tasks.stopped', 'tasks.failed', 'tasks.completed', 'tasks.dequeue'],
    ...['tasks.reset', 'tasks.archive_many', 'tasks.enqueue', 'tasks.delete', 'tasks.edit', 'workers.status_report'],
    ...['queues.add_task', 'queues.remove_task', 'queues.clear_queue', 'queues.get_next_task'],
    'queues.move_task_to_front',
  ),
  task: fc.nat(3),
  queue: fc.nat(QUEUES.length - 1),
  lateBy: fc.constantFrom(0, 0, 1, 2, 3),
  afterMs: fc.constantFrom(0, 0, 1, 500),
});

const anyRound = fc.record({
  acts: fc.array(anyAct, { maxLength: 4 }),
  waitMs: fc.constantFrom(0, 1, 5_000, 14_000),
  /** null: as the task's status would have it. */
  states: fc.array(fc.option(fc.constantFrom(...JOB_STATES)), { minLength: 4, maxLength: 4 }),
});

/** Begins a call, which waits between its read and its write for `gap`. A refusal is no error. */
async function perform({ fixture, tasks }: Bed, act: Act, gap: () => Promise<void>): Promise<void> {
  const { server, clock } = fixture;
  const [task, queue] = [tasks[act.task], QUEUES[act.queue]];
  const report = { worker: `login1:slurm:${act.task + 1}`, timestamp: clock.now() };
  const body = { ...report, task, ids: [task], queue, force: true, update_execution_queue: false, status: 'stopped' };
  await server.call(act.endpoint, body, gap).catch(() => undefined);
}

/** Acts that have begun. */
interface Pending {
  readonly afterPoll: number;
  finish(): Promise<void>;
}

function begin(bed: Bed, act: Act, poll: number): Pending {
  let release = (): void => undefined;
  const gap = new Promise<void>((resolve) => {
    release = resolve;
  });
  const done = perform(bed, act, () => gap);
  return {
    afterPoll: poll + act.lateBy,
    finish() {
      release();
      return done;
    },
  };
}

function decideFrom({ fixture }: Bed, state: ServerState, id: TaskId, jobs: readonly Job[]): string[] {
  const entry = entryFor(id);
  const task = state.tasks.get(id);
  const isMoved = task?.status === 'queued' && task.executionQueue !== entry.queue;
  const place = isMoved ? 'another queue' : readPlaces(state, SCHEDULER_QUEUE)(id, OWN_QUEUE);
  const now = fixture.clock.now();
  return decide({ entry, jobs, task, place, mark: 'mark1', now, gracePeriods: GRACES }).map((action) => action.do);
}

describe('a poll that reads only what changed', () => {
  it('shows the decision table the same facts about an unchanged task as a poll of everything', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRound, { minLength: 1, maxLength: 10 }), async (rounds) => {
        const bed = await createBed(4);
        const { fixture, reader, tasks } = bed;
        let pending: Pending[] = [];
        let mustBeRead: TaskId[] = [];
        for (const [poll, { acts, waitMs, states }] of rounds.entries()) {
          for (const act of acts) {
            // Two changes of the same millisecond do not become visible in different polls.
            const apartMs = act.lateBy === 0 ? 0 : 1;
            fixture.clock.pass(act.afterMs + apartMs);
            const begun = begin(bed, act, poll);
            // Until it waits for its gap, or is over.
            await turn();
            fixture.clock.pass(apartMs);
            if (act.lateBy === 0) await begun.finish();
            else pending.push(begun);
          }
          const state = await reader.read();
          const everything = await readEverything(bed);

          const jobs = new Map(
            tasks.map((id, index) => {
              const given = states[index];
              return [id, given === null ? usualJobs(id, everything.tasks.get(id)) : jobsFor(id, given)];
            }),
          );
          for (const id of mustBeRead) expect(state.isRemembered(id), `task ${id} was not read`).to.equal(false);
          mustBeRead = [];
          for (const id of tasks) {
            const [seen, full, its] = [state.tasks.get(id), everything.tasks.get(id), jobs.get(id) ?? []];
            if (!state.isRemembered(id)) expect(seen).to.deep.equal(full);
            expect([seen?.status, seen?.statusChanged]).to.deep.equal([full?.status, full?.statusChanged]);
            if (seen === undefined || isAtRest(entryFor(id), seen, its))
              expect(decideFrom(bed, state, id, its)).to.deep.equal(decideFrom(bed, everything, id, its));
            else mustBeRead.push(id);
          }
          const entriesOf = ({ queues }: ServerState): readonly (readonly string[])[] =>
            QUEUES.map((id) =>
              (queues.find((queue) => queue.id === id)?.entries ?? []).map(({ task }) => task).toSorted(),
            );
          expect(entriesOf(state)).to.deep.equal(entriesOf(everything));

          reader.note({ tasks: state.tasks, jobs });
          for (const act of pending) if (act.afterPoll <= poll) await act.finish();
          pending = pending.filter(({ afterPoll }) => afterPoll > poll);
          fixture.clock.pass(waitMs);
          await hear(fixture);
        }
        for (const act of pending) await act.finish();
      }),
      { numRuns: fuzzCases(100) },
    );
  });

  it('reads no more than one task in full when nothing changes', async () => {
    const bed = await createBed(40);
    for (let poll = 0; poll < 3; poll += 1) await pollAtRest(bed);
    bed.fixture.calls.length = 0;

    const state = await pollAtRest(bed);

    expect(bed.tasks.filter((task) => !state.isRemembered(task))).to.have.length(1);
    expect(bed.fixture.calls).to.deep.equal([
      'queues.get_all',
      'tasks.get_all',
      'organization.get_entities_count',
      'tasks.get_all',
      ...['workers.status_report', 'workers.get_all'],
    ]);
  });

  it('notices within as many polls as there are tasks that the execution queue of one of them changed', async () => {
    const bed = await createBed(5);
    for (let poll = 0; poll < 3; poll += 1) await pollAtRest(bed);
    const task = taskNumber(4);
    await bed.fixture.server.call('tasks.edit', { task, execution: { queue: OTHER_QUEUE }, force: true });

    let polls = 0;
    do polls += 1;
    while ((await pollAtRest(bed)).tasks.get(task)?.executionQueue !== OTHER_QUEUE && polls < 6);

    expect(polls).to.be.within(1, 5);
  });

  it("shows a user's abort request that becomes visible several polls after its timestamp", async () => {
    const bed = await createBed(5);
    const { server, clock } = bed.fixture;
    const task = taskNumber(3);
    await server.call('tasks.started', { task });
    await server.call('workers.status_report', { worker: 'login1:slurm:3', task, timestamp: 0 });
    for (let poll = 0; poll < 3; poll += 1) await pollAtRest(bed);
    let release = (): void => undefined;
    const gap = new Promise<void>((resolve) => {
      release = resolve;
    });
    const stopped = server.call('tasks.stop', { task }, () => gap);
    for (let poll = 0; poll < 3; poll += 1) {
      clock.pass(14_000);
      await pollAtRest(bed);
    }

    release();
    await stopped;

    expect((await pollAtRest(bed)).tasks.get(task)).to.include({ status: 'in_progress', statusMessage: 'stopping' });
  });

  it('finds deleted tasks among many others', async () => {
    const bed = await createBed(230);
    for (let poll = 0; poll < 3; poll += 1) await pollAtRest(bed);
    const deleted = [7, 8, 200].map(taskNumber);
    for (const task of deleted) bed.fixture.server.store.tasks.delete(task);

    const { tasks, unread } = await pollAtRest(bed);

    expect(bed.tasks.filter((task) => !tasks.has(task))).to.deep.equal(deleted);
    expect(unread.size).to.equal(0);
  });

  const doubts: readonly { readonly title: string; readonly happen: (bed: Bed) => unknown }[] = [
    {
      title: 'after a failure',
      async happen({ fixture, reader }) {
        fixture.fate = ({ endpoint }) => (endpoint.startsWith('organization.') ? 'not made' : undefined);
        await reader.read().catch(() => undefined);
        fixture.fate = () => undefined;
      },
    },
    {
      title: "when the server's clock was set back",
      async happen({ fixture }) {
        const { store } = fixture.server;
        store.changeSettings({ clockOffsetMs: -3_600_000 });
        await hear(fixture);
      },
    },
    {
      title: 'when no heartbeat is known',
      happen: ({ fixture: { deps, clock } }) =>
        deps.peers.refresh({ find: () => Promise.resolve({ workers: [], isWhole: true }) }, clock.now()),
    },
    {
      title: 'when the server cannot count tasks',
      happen({ fixture }) {
        fixture.server.garble = (endpoint, answer) => (endpoint.startsWith('organization.') ? {} : answer);
      },
    },
    {
      title: 'when a row of a changed task is unreadable',
      happen({ fixture }) {
        fixture.server.garble = (endpoint, answer, body) =>
          endpoint === 'tasks.get_all' && 'status_changed' in body ? { tasks: [{ id: 7 }] } : answer;
      },
    },
  ];
  for (const { title, happen } of doubts) {
    it(`reads everything ${title}`, async () => {
      const bed = await createBed(5);
      for (let poll = 0; poll < 3; poll += 1) await pollAtRest(bed);
      expect(bed.tasks.some((await pollAtRest(bed)).isRemembered)).to.equal(true);

      await happen(bed);

      expect(bed.tasks.some((await bed.reader.read()).isRemembered)).to.equal(false);
    });
  }

  it('reads everything while there are few tasks', async () => {
    const bed = await createBed(5, { fullUpTo: 5, perSweep: 1 });
    for (let poll = 0; poll < 3; poll += 1) await pollAtRest(bed);

    const state = await pollAtRest(bed);

    expect(bed.tasks.some(state.isRemembered)).to.equal(false);
  });
});
