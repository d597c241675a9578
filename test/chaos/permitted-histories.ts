// Sample histories that the oracle must permit.
import type { TaskHistory } from './history.ts';
import {
  call,
  cleared,
  fault,
  ELSEWHERE,
  enqueued,
  gatePassed,
  history,
  job,
  late,
  parked,
  removed,
  run,
  SERVED,
} from './sample-history.ts';

export const GOOD: readonly (readonly [string, TaskHistory])[] = [
  ['a run that ended well, and its task completed', history({})],
  ['a run that failed by itself, and its task failed', history({ status: 'failed', traces: run(1_000, { code: 3 }) })],
  [
    'a task that does not fit its template',
    history({ status: 'failed', nature: 'does not fit the template', traces: [], jobs: [] }),
  ],
  [
    'a run that was cut off by its time limit',
    history({ status: 'failed', nature: 'has too little time', traces: run(1_000, { code: 'killed' }) }),
  ],
  [
    'a task that its user deleted',
    history({ calls: [enqueued, call(500, 'user', 'tasks.delete')], traces: [], found: undefined }),
  ],
  [
    'an abort while it waited',
    history({
      status: 'stopped',
      calls: [enqueued, call(500, 'user', 'tasks.stop', { status: 'stopped' })],
      traces: [],
    }),
  ],
  [
    'an abort that its agent carried out',
    history({
      status: 'stopped',
      calls: [enqueued, gatePassed, call(3_000, 'user', 'tasks.stop', { status: 'in_progress' })],
      traces: run(1_000, { code: 'killed' }),
    }),
  ],
  [
    'an abort that came when the program had all but ended',
    history({ calls: [enqueued, gatePassed, call(3_500, 'user', 'tasks.stop', { status: 'in_progress' })] }),
  ],
  [
    'a job that Slurm requeued, and that ran again',
    history({
      traces: [...run(1_000, { code: 'killed' }), ...run(9_000, { pid: 200, restarts: 1 })],
      faults: [fault(3_500, 'requeue', { job: '7' })],
    }),
  ],
  [
    'a node that died, and another job that ran the task',
    history({
      traces: [...run(1_000, { code: 'killed' }), ...run(9_000, { job: '8', pid: 200 })],
      faults: [fault(3_500, 'node killed', { node: 'n1' })],
    }),
  ],
  [
    'a run that ended, and another one for a new enqueue',
    history({ calls: [enqueued, gatePassed, late], traces: [...run(1_000), ...run(10_000, { job: '8', pid: 200 })] }),
  ],
  [
    'scancel by hand',
    history({
      status: 'stopped',
      traces: run(1_000, { code: 'killed' }),
      faults: [fault(3_500, 'scancel', { job: '7' })],
    }),
  ],
  [
    'scancel by hand of a job that waited',
    history({
      status: 'stopped',
      traces: [],
      jobs: [job(900, 'PENDING')],
      faults: [fault(1_000, 'scancel', { job: '7' })],
    }),
  ],
  [
    'a run that died with a controller that forgot it',
    history({ status: 'failed', traces: run(1_000, { code: 'killed' }), faults: [fault(3_500, 'controller killed')] }),
  ],
  ...[fault(2_500, 'controller killed'), fault(2_500, 'node killed', { node: 'n1' })].map(
    (died) =>
      [
        `a job that was let in, and died before the program began: ${died.what}`,
        history({ status: 'failed', traces: run(1_000).slice(0, 1), faults: [died] }),
      ] as const,
  ),
  [
    'a task that waits where its user put it',
    history({
      calls: [enqueued, call(500, 'user', 'tasks.enqueue', { status: 'queued', queue: ELSEWHERE })],
      traces: [],
      found: { status: 'queued', reason: '', message: '', queues: ['chaos-elsewhere'] },
    }),
  ],
  ...(
    [
      ['an enqueue that it refused', call(200, 'user', 'tasks.enqueue', { code: 400, queue: ELSEWHERE })],
      ['Slurm put its job back', call(200, 'daemon-1', 'tasks.dequeue', { status: 'queued' })],
    ] as const
  ).map(
    ([what, forgotten]) =>
      [
        `a task that its server left queued when its user took it out, having forgotten its former status after ${what}`,
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
    'an agent that was starting the task when its user dequeued it',
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
    'an abort of a task that had just completed',
    history({ calls: [enqueued, gatePassed, call(4_100, 'user', 'tasks.stop', { status: 'completed' })] }),
  ],
  [
    'a task that was enqueued again after scancel',
    history({
      calls: [enqueued, late],
      traces: run(10_000, { job: '8' }),
      jobs: [job(900, 'PENDING'), job(10_000, 'RUNNING', '8')],
      faults: [fault(1_000, 'scancel', { job: '7' })],
    }),
  ],
  [
    'a task that was enqueued again before scancel, and claimed after it',
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
    'another job after scancel, which no daemon saw before Slurm and the journal had forgotten it',
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
    'another job after scancel of one that had been let in and had not begun the task, by a daemon whose journal was lost',
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
    'another job after scancel of one that Slurm had requeued before its agent started the task',
    history({
      calls: [enqueued, call(500, 'daemon-1', 'queues.get_next_task'), gatePassed],
      traces: [...run(1_000).slice(0, 1), ...run(3_000, { restarts: 1 }).slice(0, 1), ...run(9_000, { job: '8' })],
      jobs: [job(1_000, 'RUNNING'), job(2_500, 'PENDING'), job(9_000, 'RUNNING', '8')],
      faults: [fault(2_000, 'node killed', { node: 'n1' }), fault(3_100, 'scancel', { job: '7' })],
    }),
  ],
  [
    'another job after scancel, of which the operator could hear only long after, as squeue took so long',
    history({
      traces: run(10_000, { job: '8' }),
      jobs: [job(900, 'PENDING'), { ...job(9_000, 'RUNNING', '8'), unseenAt: 800 }],
      faults: [fault(1_000, 'scancel', { job: '7' })],
    }),
  ],
  [
    'an abort that its agent noticed late, on a machine under load',
    history({
      calls: [enqueued, gatePassed, call(3_000, 'user', 'tasks.stop', { status: 'in_progress' })],
      traces: run(1_000, { forMs: 20_000 }),
      leeway: 10,
    }),
  ],
  [
    'a task that its user removed from the scheduler queue, and that is a draft again',
    history({ status: 'created', calls: [enqueued, parked, removed], traces: [], jobs: [job(900, 'PENDING')] }),
  ],
  [
    'a task that its user removed from the scheduler queue, and that ran all the same, for a peer may have taken the entry',
    history({ calls: [enqueued, parked, removed, { ...gatePassed, at: 5_000 }], traces: run(4_500, { job: '8' }) }),
  ],
  [
    'a task whose user cleared the scheduler queue, and that is a draft again',
    history({ status: 'created', calls: [enqueued, parked, cleared], traces: [], jobs: [job(900, 'PENDING')] }),
  ],
  [
    'a task that its user removed from the scheduler queue, by a daemon that has lost its journal since',
    history({
      status: 'stopped',
      calls: [enqueued, parked, removed],
      traces: [],
      jobs: [job(900, 'PENDING')],
      faults: [fault(2_000, 'other', { words: 'daemon-1: daemon is killed, its journal lost' })],
    }),
  ],
  [
    'a run that began while its node was being killed',
    history({
      status: 'failed',
      traces: run(1_000, { code: 'killed' }),
      faults: [fault(1_950, 'node killed', { node: 'n1', until: 6_000 })],
    }),
  ],
];
