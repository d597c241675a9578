// Tests thousands of malformed responses about one task or queue: another task still runs to its end, once.
import { expect } from 'chai';
import fc from 'fast-check';
import type { TaskId } from '../../src/clearml/ids.ts';
import type { Fields } from '../../src/sandbox/requests/endpoint.ts';
import { isLive } from '../../src/slurm/job-state.ts';
import { fuzzCases } from '../support/fuzz-cases.ts';
import { advance, startDaemon } from './run-daemon.ts';
import { createStepFixture, type StepFixture } from './step-fixture.ts';
import { anyMutation, mutate, OTHER_TYPES, type Mutation } from './malformed-values.ts';
import type { SimJob } from '../simulation/simulated-slurm.ts';
import { OTHER_QUEUE, SCHEDULER_QUEUE } from '../simulation/queues.ts';

const CASES = fuzzCases(200);
const STEP_MS = 15_000;
const LONG_MS = 900_000;

/** The step of the first task when responses become malformed. */
const PHASES = ['enqueued', 'its job waits', 'its job runs'] as const;

type Garble = StepFixture['server']['garble'];

interface World {
  readonly fixture: StepFixture;
  readonly odd: TaskId;
  readonly other: TaskId;
}

/** Responses are malformed until the second task, enqueued after that, has ended, or for this many responses. */
async function live(
  phase: (typeof PHASES)[number],
  garbleFor: (odd: TaskId) => Garble,
  decide: (world: World) => Promise<void> = () => Promise.resolve(),
): Promise<World> {
  const fixture = createStepFixture();
  const odd = await fixture.enqueued(1);
  const run = startDaemon(fixture.deps);
  const waitFor = async (title: string, isSo: () => boolean, tasks: readonly TaskId[]): Promise<void> => {
    for (let step = 0; step < 120; step += 1) {
      if (isSo()) return;
      await advance(fixture.clock, STEP_MS);
      for (const task of tasks) await advanceJob(fixture, task);
    }
    expect.fail(`${title}:\n${fixture.logged.join('\n')}`);
  };
  const isOver = (task: TaskId): boolean =>
    fixture.server.store.tasks.get(task)?.status === 'completed' && !fixture.deps.journal.entries.has(task);

  if (phase !== 'enqueued') await waitFor('no job', () => jobsOf(fixture, odd).length === 1, []);
  if (phase === 'its job runs') await advanceJob(fixture, odd);
  fixture.server.garble = garbleFor(odd);
  const other = await fixture.enqueued(2);
  await waitFor('the innocent task did not come to its end', () => isOver(other), [other]);
  await decide({ fixture, odd, other });
  fixture.server.garble = (_endpoint, answer) => answer;
  await waitFor('the odd task was lost', () => isOver(odd), [odd]);
  await run.end();

  expect(jobsOf(fixture, other), 'jobs of the innocent task').to.have.length(1);
  for (const task of [odd, other]) expect(countSubmissions(fixture, task), `runs of ${task}`).to.equal(1);
  return { fixture, odd, other };
}

function jobsOf({ cluster }: StepFixture, task: TaskId): SimJob[] {
  return cluster.jobs.filter((job) => job.task === task);
}

function countSubmissions(fixture: StepFixture, task: TaskId): number {
  return jobsOf(fixture, task).reduce((sum, { runs }) => sum + runs, 0);
}

/** Lets a job pass the gate and its agent start the task; at the next step both complete. A cancelled job ends. */
async function advanceJob(fixture: StepFixture, task: TaskId): Promise<void> {
  for (const job of jobsOf(fixture, task)) {
    if (!isLive(job.state)) continue;
    if (job.leaving !== undefined) fixture.cluster.end(job, job.leaving.state, 0);
    else if (job.state === 'RUNNING') {
      await fixture.server.call('tasks.completed', { task, force: true });
      fixture.cluster.end(job, 'COMPLETED', 0);
    } else if (isParked(fixture, task) && fixture.server.store.tasks.get(task)?.status === 'queued') {
      await fixture.server.call('queues.remove_task', { queue: SCHEDULER_QUEUE, task });
      Object.assign(job, { state: 'RUNNING', startAt: fixture.clock.now(), runs: job.runs + 1 });
      await fixture.server.call('tasks.started', { task, force: true });
      const worker = `${fixture.deps.worker}:${job.id}`;
      await fixture.server.call('workers.status_report', { worker, task, timestamp: fixture.clock.now() });
    }
  }
}

function isParked({ server }: StepFixture, task: TaskId): boolean {
  return server.store.queues.get(SCHEDULER_QUEUE)?.entries.some((entry) => entry.task === task) === true;
}

/** Changes the rows of a list. */
function eachRow(answer: Fields, list: string, edit: (row: Fields) => unknown): Fields {
  const rows = answer[list];
  return Array.isArray(rows) ? { ...answer, [list]: rows.map((row: Fields) => edit(row)) } : answer;
}

/** Changes the responses about one task, of any call. */
const ABOUT_ONE_TASK: readonly ((odd: TaskId, oddity: Mutation) => Garble)[] = [
  (odd, oddity) => (_endpoint, answer, body) =>
    [body].flat().every((line) => Reflect.get(line, 'task') === odd) ? mutate(answer, oddity) : answer,
  (odd, oddity) => (endpoint, answer) =>
    endpoint === 'tasks.get_all'
      ? eachRow(answer, 'tasks', (row) => (row['id'] === odd ? mutate(row, oddity) : row))
      : answer,
  (odd, oddity) => (endpoint, answer) =>
    endpoint === 'queues.get_all'
      ? eachRow(answer, 'queues', (queue) =>
          eachRow(queue, 'entries', (entry) => (entry['task'] === odd ? mutate(entry, oddity) : entry)),
        )
      : answer,
];

/** Changes the responses about another queue, other daemons, and an entry that a user added. */
const ABOUT_NO_TASK: readonly ((odd: TaskId, oddity: Mutation) => Garble)[] = [
  (_odd, oddity) => (endpoint, answer) =>
    endpoint === 'queues.get_all'
      ? eachRow(answer, 'queues', (queue) => (queue['id'] === OTHER_QUEUE ? mutate(queue, oddity) : queue))
      : answer,
  (_odd, { what }) =>
    (endpoint, answer) =>
      endpoint === 'queues.get_all'
        ? eachRow(answer, 'queues', (queue) => ({ ...queue, entries: [what, ...(queue['entries'] as unknown[])] }))
        : answer,
  (_odd, oddity) => (endpoint, answer) => (endpoint === 'workers.get_all' ? mutate(answer, oddity) : answer),
];

/** Replaces a value with one that has no valid meaning: not with another list, and not with nothing if that is valid. */
function unreadable(row: Fields, field: string, what: unknown): Fields {
  const isFact = field === 'execution' && typeof what === 'object' && !Array.isArray(what);
  return isFact ? row : { ...row, [field]: what };
}

const TASK_FIELDS = ['id', 'status', 'status_message', 'status_reason', 'status_changed', 'last_update', 'last_worker'];
const aField = fc.constantFrom(...TASK_FIELDS, 'user', 'execution', 'hyperparams', 'runtime', 'system_tags', 'name');
const aPhase = fc.constantFrom(...PHASES);
const anotherKind = fc.constantFrom(...OTHER_TYPES);
const settings = { numRuns: Math.ceil(CASES / 4), ...(process.env['FUZZ_CASES'] === undefined ? { seed: 13 } : {}) };

describe('malformed responses of ClearML', () => {
  it('about one task cause no second run of any task (C-35)', async function () {
    this.timeout(0);
    await fc.assert(
      fc.asyncProperty(aPhase, fc.constantFrom(...ABOUT_ONE_TASK), anyMutation, async (phase, garble, oddity) => {
        await live(phase, (odd) => garble(odd, oddity));
      }),
      settings,
    );
  });

  it('about another queue, a queue entry or the workers affect no task', async function () {
    this.timeout(0);
    await fc.assert(
      fc.asyncProperty(aPhase, fc.constantFrom(...ABOUT_NO_TASK), anyMutation, async (phase, garble, oddity) => {
        const { fixture, odd } = await live(phase, (task) => garble(task, oddity));
        expect(jobsOf(fixture, odd)).to.have.length(1);
      }),
      settings,
    );
  });

  it('with an unreadable task field cause neither a cancellation nor a second job', async function () {
    this.timeout(0);
    await fc.assert(
      fc.asyncProperty(aPhase, aField, anotherKind, async (phase, field, what) => {
        const garble =
          (odd: TaskId): Garble =>
          (endpoint, answer) => {
            const edit = (row: Fields): Fields => (row['id'] === odd ? unreadable(row, field, what) : row);
            if (endpoint === 'tasks.get_all') return eachRow(answer, 'tasks', edit);
            return endpoint === 'tasks.get_by_id' ? { task: edit(answer['task'] as Fields) } : answer;
          };
        const { fixture, odd } = await live(phase, garble, async (world) => {
          // Longer than every grace period.
          await advance(world.fixture.clock, LONG_MS);
          for (const job of jobsOf(world.fixture, world.odd)) {
            expect(isLive(job.state), 'the job lives').to.equal(true);
            expect(job.leaving).to.equal(undefined);
          }
          expect(world.fixture.server.store.tasks.get(world.odd)?.status).to.be.oneOf(['queued', 'in_progress']);
        });
        expect(jobsOf(fixture, odd).map(({ state }) => state)).to.deep.equal(['COMPLETED']);
      }),
      settings,
    );
  });

  it('with unreadable lists of queues or tasks delay tasks, but lose none', async function () {
    this.timeout(0);
    const places = fc.constantFrom(
      ['queues.get_all', 'queues'],
      ['queues.get_all', 'queues', 'each'],
      ['queues.get_all', 'queues', 'entries'],
      ['tasks.get_all', 'tasks'],
      ['tasks.get_all', 'tasks', 'each'],
    );
    const mutateList = fc.constantFrom(...OTHER_TYPES.filter((what) => !Array.isArray(what) || what.length > 0));
    await fc.assert(
      fc.asyncProperty(
        aPhase,
        places,
        mutateList,
        fc.integer({ min: 1, max: 12 }),
        async (phase, place, what, answers) => {
          const [endpoint = '', list = '', inside] = place;
          let left = answers;
          const garble = (): Garble => (asked, answer) => {
            if (asked !== endpoint || (left -= 1) < 0) return answer;
            if (inside === 'each') return eachRow(answer, list, () => what);
            if (inside === 'entries') return eachRow(answer, list, (row) => ({ ...row, entries: what }));
            return { ...answer, [list]: what };
          };
          const { fixture, odd } = await live(phase, garble);
          expect(jobsOf(fixture, odd).map(({ state }) => state)).to.deep.equal(['COMPLETED']);
        },
      ),
      settings,
    );
  });
});
