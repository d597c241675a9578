// Tests with random changes of tasks that a poll which reads only what changed shows the same as one that reads everything.
import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import fc from 'fast-check';
import type { TaskId } from '../../../src/clearml/ids.ts';
import { decide } from '../../../src/daemon/decide/decide.ts';
import { readPlaces, type ServerState } from '../../../src/daemon/poll/poll.ts';
import { isAtRest } from '../../../src/daemon/poll/plan-task-reads.ts';
import type { Job } from '../../../src/slurm/scheduler.ts';
import { OWN_QUEUE, SCHEDULER_QUEUE } from '../../simulation/queues.ts';
import { GRACES } from '../decide/observations.ts';
import { fuzzCases } from '../../support/fuzz-cases.ts';
import {
  createBed,
  entryFor,
  hear,
  JOB_STATES,
  jobsFor,
  QUEUES,
  readEverything,
  usualJobs,
  type Bed,
} from './incremental-reads-bed.ts';

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
  /** Two polls never begin in the same millisecond, the unit of the server's times. */
  waitMs: fc.constantFrom(1, 2, 5_000, 14_000),
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

describe('a poll that reads only changed tasks', () => {
  it('leads to the same actions as a poll that reads every task', async () => {
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
});
