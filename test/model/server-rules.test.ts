// The model of the server equals the sandbox: the same calls in any order have the same responses and effects.
import { expect } from 'chai';
import fc from 'fast-check';
import { ApiError } from '../../src/sandbox/requests/api-error.ts';
import { createServer } from '../simulation/server.ts';
import { createSimulatedClock } from '../simulation/clock.ts';
import { createPendingCalls } from '../simulation/pending-calls.ts';
import { serve, type Answer } from './server-rules.ts';
import { NO_BUDGET, QUEUES, QUEUE_IDS, REASONS, TASK_ID, firstWorld, type ServerCall, type World } from './world.ts';

const task = TASK_ID;
const STATUSES = ['queued', 'in_progress', 'created'] as const;
const queue = fc.constantFrom(...QUEUES.map((name) => QUEUE_IDS[name]));
const call = (endpoint: string, more: fc.Arbitrary<object> = fc.constant({})): fc.Arbitrary<ServerCall> =>
  more.map((body) => ({ endpoint, body: { task, ...body } }));
const note = fc.constantFrom(
  {},
  { status_reason: 'user abort' },
  { status_reason: 'found in no queue' },
  { force: true },
);

/** Every call that a daemon, a job, another agent or a user of the model makes. */
const CALLS: readonly fc.Arbitrary<ServerCall>[] = [
  call(
    'queues.get_next_task',
    queue.map((id) => ({ queue: id })),
  ),
  call('queues.add_task', fc.record({ queue, update_execution_queue: fc.boolean() })),
  call(
    'queues.remove_task',
    queue.map((id) => ({ queue: id })),
  ),
  call('tasks.get_by_id'),
  call(
    'tasks.get_all',
    fc.constantFrom({ id: [task] }, { status: ['queued', 'in_progress'], 'execution.queue': [QUEUE_IDS.own] }),
  ),
  call(
    'tasks.update',
    fc.constantFrom(
      { status_message: 'stopping' },
      { status_message: 'Returned to the front of queue "own": x.' },
      { status_message: 'waits' },
    ),
  ),
  call(
    'tasks.edit_hyper_params',
    fc.constantFrom(
      { hyperparams: [{ section: 'properties', name: 'slurm_job_id', value: '7' }] },
      { hyperparams: [{ section: 'properties', name: 'slurm_cancelled', value: '7 attempt1 x' }] },
    ),
  ),
  call('tasks.started', note),
  call('tasks.stopped', note),
  call('tasks.failed', note),
  call('tasks.completed', note),
  call('tasks.dequeue', fc.constantFrom({}, ...STATUSES.map((status) => ({ new_status: status })))),
  call('tasks.stop'),
  call('tasks.reset', fc.constant({ force: true })),
  call(
    'tasks.enqueue',
    queue.map((id) => ({ queue: id })),
  ),
  call('tasks.delete', fc.constant({ force: true })),
  call('workers.status_report', fc.constant({ worker: 'login1:slurm:1', timestamp: 0 })),
];

describe('the model of the ClearML server', () => {
  it('gives random calls the same responses and task states as the simulated server', async () => {
    const step = fc.record({ call: fc.oneof(...CALLS), isSilentBefore: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 11 }), async (steps) => {
        const clock = createSimulatedClock(Date.UTC(2026, 0, 1));
        const server = createServer(clock, createPendingCalls(), () => undefined);
        for (const name of QUEUES) server.addQueue(QUEUE_IDS[name], name);
        server.addTask(task, 'the task');
        await server.call('tasks.enqueue', { task, queue: QUEUE_IDS.own });
        let world = firstWorld(NO_BUDGET);
        let stamp = 1;

        for (const { call: made, isSilentBefore } of steps) {
          // Longer than a worker may be silent before it counts as gone; all together shorter than the server's watchdog waits.
          clock.pass(isSilentBefore ? 601_000 : 1_000);
          const before = server.store.tasks.get(task);
          const isHeard = before?.last_update !== undefined && clock.now() - Date.parse(before.last_update) < 600_000;
          stamp += 1;
          const served = serve(world, made, { stamp, isHeard });
          const real = await server.call(made.endpoint, made.body).catch((error: unknown) => {
            if (error instanceof ApiError) return error;
            throw error;
          });
          expectSameAnswer(made, served.answer, real);
          world = served.world;
          expect(shown(world), JSON.stringify(made)).to.deep.equal(stored(server));
        }
      }),
      { numRuns: 400 },
    );
  });
});

function expectSameAnswer(
  { endpoint }: ServerCall,
  answer: Answer,
  real: Readonly<Record<string, unknown>> | ApiError,
): void {
  if (real instanceof ApiError) {
    expect('refused' in answer ? answer.refused : answer, endpoint).to.deep.equal([real.code, real.subcode]);
  } else if ('count' in answer) {
    const counted = real['removed'] ?? real['updated'] ?? real['added'] ?? answer.count;
    expect(counted, endpoint).to.equal(answer.count);
  } else if ('isPopped' in answer) {
    expect(real['entry'] !== undefined, endpoint).to.equal(answer.isPopped);
  } else if ('tasks' in answer) {
    expect((real['tasks'] as unknown[]).length, endpoint).to.equal(answer.tasks.length);
  } else expect('refused' in answer, endpoint).to.equal(false);
}

function shown({ task: value, entries }: World): object {
  return {
    task: value && {
      status: value.status,
      reason: value.reason,
      isStopRequested: value.message === 'stopping',
      isReturnedToQueue: value.message.startsWith('Returned to the front'),
      queue: value.queue === '' ? undefined : QUEUE_IDS[value.queue],
      isStarted: value.run > 0,
      worker: value.worker === '' ? undefined : value.worker,
      slurmJob: value.slurmJob === '' ? undefined : value.slurmJob,
      slurmCancelled: value.slurmCancelled === '' ? undefined : value.slurmCancelled,
    },
    queues: QUEUES.filter((name) => entries[name] > 0),
  };
}

function stored({ store }: ReturnType<typeof createServer>): object {
  const value = store.tasks.get(task);
  return {
    task: value && {
      status: value.status,
      reason: REASONS.find((reason) => reason === value.status_reason) ?? '',
      isStopRequested: value.status_message === 'stopping',
      isReturnedToQueue: value.status_message?.startsWith('Returned to the front') === true,
      queue: value.execution.queue,
      isStarted: value.started !== undefined,
      worker: value.last_worker,
      slurmJob: value.hyperparams['properties']?.['slurm_job_id']?.value,
      slurmCancelled: value.hyperparams['properties']?.['slurm_cancelled']?.value,
    },
    queues: QUEUES.filter((name) => store.queues.get(QUEUE_IDS[name])?.entries.some((entry) => entry.task === task)),
  };
}
