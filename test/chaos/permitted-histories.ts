// Sample histories that the oracle must permit.
import type { TaskHistory } from './observed-history.ts';
import {
  call,
  cleared,
  fault,
  OTHER_QUEUE,
  enqueued,
  enqueuedDuringRun,
  gatePassed,
  history,
  job,
  late,
  parked,
  removed,
  REQUEUED_BEFORE_START,
  run,
  SERVED,
} from './sample-history.ts';

export const PERMITTED_HISTORIES: readonly (readonly [string, TaskHistory])[] = [
  ['a completed task whose program succeeded', history({})],
  [
    'a task whose job ran as the mapped Unix user',
    history({ unixUser: 'alice', traces: run(1_000).map((trace) => ({ ...trace, user: 'alice' })) }),
  ],
  ['a failed task whose program failed', history({ status: 'failed', traces: run(1_000, { code: 3 }) })],
  [
    'a failed task whose template could not be rendered',
    history({ status: 'failed', nature: 'does not fit the template', traces: [], jobs: [] }),
  ],
  [
    'a failed task whose job reached its time limit',
    history({ status: 'failed', nature: 'has too little time', traces: run(1_000, { code: 'killed' }) }),
  ],
  [
    'a missing task that its user deleted',
    history({ calls: [enqueued, call(500, 'user', 'tasks.delete')], traces: [], found: undefined }),
  ],
  [
    'a missing task that its user deleted and then dequeued',
    history({
      calls: [enqueued, call(500, 'user', 'tasks.delete'), call(600, 'user', 'tasks.dequeue')],
      traces: [],
      found: undefined,
    }),
  ],
  [
    'a stopped task that its user aborted before it ran',
    history({
      status: 'stopped',
      calls: [enqueued, call(500, 'user', 'tasks.stop', { status: 'stopped' })],
      traces: [],
    }),
  ],
  [
    'a stopped task that its user aborted while it ran',
    history({
      status: 'stopped',
      calls: [enqueued, gatePassed, call(3_000, 'user', 'tasks.stop', { status: 'in_progress' })],
      traces: run(1_000, { code: 'killed' }),
    }),
  ],
  [
    'a completed task that its user aborted just before the program ended',
    history({ calls: [enqueued, gatePassed, call(3_500, 'user', 'tasks.stop', { status: 'in_progress' })] }),
  ],
  [
    'a second run after Slurm requeued the job',
    history({
      traces: [...run(1_000, { code: 'killed' }), ...run(9_000, { pid: 200, restarts: 1 })],
      faults: [fault(3_500, 'requeue', { job: '7' })],
    }),
  ],
  [
    'a second run after the node of the first job died',
    history({
      traces: [...run(1_000, { code: 'killed' }), ...run(9_000, { job: '8', pid: 200 })],
      faults: [fault(3_500, 'node killed', { node: 'n1' })],
    }),
  ],
  [
    'a second run if the controller crashed and forgot the start of the first job',
    history({
      traces: [...run(1_000, { code: 'killed' }), ...run(9_000, { job: '8', pid: 200 })],
      jobs: [job(1_000, 'RUNNING'), job(3_800, 'PENDING'), job(7_000, 'CANCELLED'), job(9_000, 'RUNNING', '8')],
      faults: [fault(1_500, 'controller killed', { until: 3_700 })],
    }),
  ],
  [
    'a second run after the user enqueued the task again',
    history({ calls: [enqueued, gatePassed, late], traces: [...run(1_000), ...run(10_000, { job: '8', pid: 200 })] }),
  ],
  [
    'a second run if the user reset and enqueued the task after the start of the first job',
    history({
      calls: [
        enqueued,
        gatePassed,
        call(1_950, 'node', 'tasks.started', { status: 'in_progress' }),
        call(1_960, 'user', 'tasks.reset', { status: 'created' }),
        call(1_970, 'user', 'tasks.enqueue', { status: 'queued', queue: SERVED }),
      ],
      traces: [...run(1_000, { code: 'killed' }), ...run(10_000, { job: '8', pid: 200 })],
    }),
  ],
  [
    'a stopped task whose running job was cancelled with scancel',
    history({
      status: 'stopped',
      traces: run(1_000, { code: 'killed' }),
      faults: [fault(3_500, 'scancel', { job: '7' })],
    }),
  ],
  [
    'a stopped task whose pending job was cancelled with scancel',
    history({
      status: 'stopped',
      traces: [],
      jobs: [job(900, 'PENDING')],
      faults: [fault(1_000, 'scancel', { job: '7' })],
    }),
  ],
  [
    'a stopped task that its user enqueued again, if the second job was cancelled with scancel',
    history({
      status: 'stopped',
      calls: [enqueued, gatePassed, ...enqueuedDuringRun],
      traces: [...run(1_000, { code: 'killed' }), ...run(9_000, { job: '8' }).slice(0, 1)],
      jobs: [job(1_000, 'RUNNING'), job(9_000, 'RUNNING', '8')],
      faults: [fault(9_500, 'scancel', { job: '8' })],
    }),
  ],
  [
    'a stopped task whose requeued job was cancelled, if the daemon then lost the last journal line',
    REQUEUED_BEFORE_START,
  ],
  [
    'a failed task whose program was killed when the controller crashed',
    history({ status: 'failed', traces: run(1_000, { code: 'killed' }), faults: [fault(3_500, 'controller killed')] }),
  ],
  ...[fault(2_500, 'controller killed'), fault(2_500, 'node killed', { node: 'n1' })].map(
    (died) =>
      [
        `a failed task if the ${died.what.replace(' ', ' was ')} between the gate and the start of the program`,
        history({ status: 'failed', traces: run(1_000).slice(0, 1), faults: [died] }),
      ] as const,
  ),
  [
    'a failed task without a status reason if the user aborted the task after its failure',
    history({
      calls: [enqueued, gatePassed, call(4_100, 'user', 'tasks.stop', { status: 'failed' })],
      traces: run(1_000, { code: 3 }),
      found: { status: 'failed', reason: '', message: 'stopping', queues: [] },
    }),
  ],
  [
    'a task that waits in another queue because its user moved it',
    history({
      calls: [enqueued, call(500, 'user', 'tasks.enqueue', { status: 'queued', queue: OTHER_QUEUE })],
      traces: [],
      found: { status: 'queued', reason: '', message: '', queues: ['chaos-elsewhere'] },
    }),
  ],
  ...(
    [
      ['rejected enqueue', call(200, 'user', 'tasks.enqueue', { code: 400, queue: OTHER_QUEUE })],
      ['dequeue by the daemon', call(200, 'daemon-1', 'tasks.dequeue', { status: 'queued' })],
    ] as const
  ).map(
    ([what, forgotten]) =>
      [
        `a run after a dequeue that left the status "queued" because of an earlier ${what}`,
        history({
          calls: [
            enqueued,
            forgotten,
            call(400, 'user', 'tasks.enqueue', { status: 'queued', queue: SERVED }),
            call(500, 'user', 'tasks.dequeue', { status: 'queued' }),
            gatePassed,
          ],
        }),
      ] as const,
  ),
  [
    'a run if the user dequeued the task while the agent started',
    history({
      calls: [
        enqueued,
        gatePassed,
        call(2_000, 'user', 'tasks.dequeue', { status: 'created' }),
        call(2_100, 'node', 'tasks.started', { status: 'in_progress' }),
      ],
    }),
  ],

  [
    'a completed task that its user aborted just after the program ended',
    history({ calls: [enqueued, gatePassed, call(4_100, 'user', 'tasks.stop', { status: 'completed' })] }),
  ],
  [
    'a run after a scancel if the user enqueued the task again',
    history({
      calls: [enqueued, late],
      traces: run(10_000, { job: '8' }),
      jobs: [job(900, 'PENDING'), job(10_000, 'RUNNING', '8')],
      faults: [fault(1_000, 'scancel', { job: '7' })],
    }),
  ],
  [
    'a run after a scancel if the user enqueued the task just before the scancel',
    history({
      calls: [
        enqueued,
        call(950, 'user', 'tasks.enqueue', { status: 'queued', queue: SERVED }),
        call(2_000, 'daemon-1', 'queues.get_next_task'),
      ],
      traces: run(10_000, { job: '8' }),
      jobs: [job(900, 'PENDING'), job(10_000, 'RUNNING', '8')],
      faults: [fault(1_000, 'scancel', { job: '7' })],
    }),
  ],
  [
    'a run after a scancel if the daemon lost its journal before it saw the scancel',
    history({
      traces: run(30_000, { job: '8' }),
      jobs: [job(900, 'PENDING'), job(29_000, 'RUNNING', '8')],
      faults: [
        fault(1_000, 'scancel', { job: '7' }),
        fault(2_000, 'other', { words: 'daemon-1: daemon is killed, its journal lost' }),
      ],
    }),
  ],
  [
    'a run after a scancel if the daemon had lost its journal before the scancel',
    history({
      calls: [enqueued, call(500, 'daemon-2', 'queues.get_next_task'), gatePassed],
      traces: [...run(1_000).slice(0, 1), ...run(9_000, { job: '8' })],
      jobs: [job(1_000, 'RUNNING'), job(9_000, 'RUNNING', '8')],
      faults: [
        fault(1_100, 'other', { words: 'daemon-2: daemon is killed, its journal lost' }),
        fault(3_100, 'scancel', { job: '7' }),
      ],
    }),
  ],
  [
    'a run after a scancel if Slurm had requeued the first job before the agent started',
    history({
      calls: [enqueued, call(500, 'daemon-1', 'queues.get_next_task'), gatePassed],
      traces: [...run(1_000).slice(0, 1), ...run(3_000, { restarts: 1 }).slice(0, 1), ...run(9_000, { job: '8' })],
      jobs: [job(1_000, 'RUNNING'), job(2_500, 'PENDING'), job(9_000, 'RUNNING', '8')],
      faults: [fault(2_000, 'node killed', { node: 'n1' }), fault(3_100, 'scancel', { job: '7' })],
    }),
  ],
  [
    'a run after a scancel if squeue was slow to show the scancel',
    history({
      traces: run(10_000, { job: '8' }),
      jobs: [job(900, 'PENDING'), { ...job(9_000, 'RUNNING', '8'), unseenAt: 800 }],
      faults: [fault(1_000, 'scancel', { job: '7' })],
    }),
  ],
  [
    'a run that continued long after an abort, on a machine under load',
    history({
      calls: [enqueued, gatePassed, call(3_000, 'user', 'tasks.stop', { status: 'in_progress' })],
      traces: run(1_000, { forMs: 20_000 }),
      leeway: 10,
    }),
  ],
  [
    'a draft that its user removed from the scheduler queue',
    history({ status: 'created', calls: [enqueued, parked, removed], traces: [], jobs: [job(900, 'PENDING')] }),
  ],
  [
    'a run although the user removed the task from the scheduler queue',
    history({ calls: [enqueued, parked, removed, { ...gatePassed, at: 5_000 }], traces: run(4_500, { job: '8' }) }),
  ],
  [
    'a draft that left the scheduler queue when the user cleared the queue',
    history({ status: 'created', calls: [enqueued, parked, cleared], traces: [], jobs: [job(900, 'PENDING')] }),
  ],
  [
    'a stopped task that its user removed from the scheduler queue before the daemon lost its journal',
    history({
      status: 'stopped',
      calls: [enqueued, parked, removed],
      traces: [],
      jobs: [job(900, 'PENDING')],
      faults: [fault(2_000, 'other', { words: 'daemon-1: daemon is killed, its journal lost' })],
    }),
  ],
  [
    'a failed task whose program started while its node was being killed',
    history({
      status: 'failed',
      traces: run(1_000, { code: 'killed' }),
      faults: [fault(1_950, 'node killed', { node: 'n1', until: 6_000 })],
    }),
  ],
];
