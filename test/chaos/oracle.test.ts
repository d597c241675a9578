// The oracle permits correct histories and detects each kind of wrong one.
import { expect } from 'chai';
import { PERMITTED_HISTORIES } from './permitted-histories.ts';
import { QUEUES, type TaskHistory } from './observed-history.ts';
import {
  call,
  cleared,
  fault,
  OTHER_QUEUE,
  enqueued,
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
import { checkHistory } from './oracle.ts';

/** One of each kind of wrong, and the good ones. */
const CASES: readonly (readonly [string, 'nothing' | 'lost' | 'twice' | 'wrong', TaskHistory])[] = [
  ...PERMITTED_HISTORIES.map(([title, good]) => [title, 'nothing', good] as const),
  ['a task whose job still exists at the end of the round', 'lost', history({ liveJobs: ['7'] })],
  [
    'a task that is still in progress at the end of the round',
    'lost',
    history({
      status: 'in_progress',
      traces: run(1_000, { code: 'killed' }),
      faults: [fault(3_500, 'controller killed')],
    }),
  ],
  ['a queued task that is in no queue', 'lost', history({ status: 'queued', traces: [] })],
  [
    'a completed task that is still in the scheduler queue',
    'lost',
    history({ found: { status: 'completed', reason: '', message: '', queues: [QUEUES.scheduler] } }),
  ],
  [
    'a task that is still in the served queue at the end of the round',
    'lost',
    history({ traces: [], found: { status: 'queued', reason: '', message: '', queues: ['chaos'] } }),
  ],

  [
    'a failed task without a status reason if the user aborted the task before its failure',
    'wrong',
    history({
      calls: [enqueued, gatePassed, call(3_000, 'user', 'tasks.stop', { status: 'in_progress' })],
      traces: run(1_000, { code: 3 }),
      found: { status: 'failed', reason: '', message: 'stopping', queues: [] },
    }),
  ],
  [
    'a task whose job ran as the wrong Unix user',
    'wrong',
    history({ unixUser: 'bob', traces: run(1_000).map((trace) => ({ ...trace, user: 'alice' })) }),
  ],
  [
    'a task that two jobs ran at the same time',
    'twice',
    history({ traces: [...run(1_000, { forMs: 5_000 }), ...run(2_000, { job: '8', pid: 200 })] }),
  ],
  [
    'a requeued job whose first run did not end before its second run',
    'twice',
    history({
      traces: [...run(1_000, { forMs: 9_000 }), ...run(5_000, { pid: 200, restarts: 1 })],
      faults: [fault(3_500, 'requeue', { job: '7' })],
    }),
  ],
  [
    'a second run without any cause',
    'twice',
    history({ traces: [...run(1_000), ...run(9_000, { job: '8', pid: 200 })] }),
  ],
  ...(
    [
      ['if the job was pending only before the first run', [job(900, 'PENDING'), job(1_000, 'RUNNING')]],
      ['if the job was cancelled and never pending again', [job(1_000, 'RUNNING'), job(5_000, 'CANCELLED')]],
      [
        'if the first job was never pending again',
        [job(1_000, 'RUNNING'), job(5_000, 'PENDING', '8'), job(9_000, 'RUNNING', '8')],
      ],
    ] as const
  ).map(
    ([what, jobs]) =>
      [
        `a second run ${what}`,
        'twice',
        history({ traces: [...run(1_000), ...run(9_000, { job: '8', pid: 200 })], jobs }),
      ] as const,
  ),
  [
    'a second run if only a node of other jobs died',
    'twice',
    history({
      traces: [...run(1_000), ...run(9_000, { job: '8', pid: 200 })],
      faults: [fault(3_500, 'node killed', { node: 'n2' })],
    }),
  ],
  [
    'a second run if the user enqueued the task only before the first run',
    'twice',
    history({
      calls: [enqueued, call(100, 'user', 'tasks.enqueue', { queue: SERVED })],
      traces: [...run(1_000), ...run(9_000, { job: '8', pid: 200 })],
    }),
  ],
  [
    'a second run if the user enqueued the task only before the agent started',
    'twice',
    history({
      calls: [
        enqueued,
        gatePassed,
        call(1_950, 'user', 'tasks.enqueue', { queue: SERVED }),
        call(1_960, 'node', 'tasks.started', { status: 'in_progress' }),
      ],
      traces: [...run(1_000), ...run(9_000, { job: '8', pid: 200 })],
    }),
  ],

  [
    'a second run if the server refused the second enqueue',
    'twice',
    history({
      calls: [enqueued, gatePassed, call(5_000, 'user', 'tasks.enqueue', { code: 400, queue: SERVED })],
      traces: [...run(1_000), ...run(9_000, { job: '8', pid: 200 })],
    }),
  ],

  ['a failed task whose program succeeded', 'wrong', history({ status: 'failed' })],
  ['a completed task whose program failed', 'wrong', history({ traces: run(1_000, { code: 3 }) })],
  ['a failed task that never ran', 'wrong', history({ status: 'failed', traces: [] })],
  [
    'a stopped task whose requeued job was cancelled, if no daemon lost its journal',
    'wrong',
    { ...REQUEUED_BEFORE_START, faults: REQUEUED_BEFORE_START.faults.filter(({ what }) => what === 'requeue') },
  ],
  [
    'a stopped task whose job was cancelled without a requeue',
    'wrong',
    { ...REQUEUED_BEFORE_START, jobs: [job(1_000, 'RUNNING'), job(6_000, 'CANCELLED')] },
  ],
  [
    'a run after the user dequeued the task, even if the status stayed "queued"',
    'wrong',
    history({ calls: [enqueued, call(500, 'user', 'tasks.dequeue', { status: 'queued' }), gatePassed] }),
  ],
  [
    'a failed task whose job passed the gate but ran no program, if only a node of other jobs died',
    'wrong',
    history({
      status: 'failed',
      traces: run(1_000).slice(0, 1),
      faults: [fault(2_500, 'node killed', { node: 'n2' })],
    }),
  ],
  [
    'a failed task whose job never passed the gate, even if the controller died',
    'wrong',
    history({
      status: 'failed',
      calls: [enqueued],
      traces: run(1_000).slice(0, 1),
      faults: [fault(2_500, 'controller killed')],
    }),
  ],
  [
    'a task whose program was killed, if its node died and returned long before the kill',
    'wrong',
    history({
      status: 'failed',
      traces: run(9_000, { code: 'killed' }),
      faults: [fault(1_000, 'node killed', { node: 'n1', until: 5_000 })],
    }),
  ],
  ['a completed task that never ran', 'wrong', history({ traces: [] })],
  [
    'a task whose program was killed, if the round injected no fault',
    'wrong',
    history({ status: 'failed', traces: run(1_000, { code: 'killed' }) }),
  ],
  [
    'a run after the user aborted the task',
    'wrong',
    history({ calls: [enqueued, call(500, 'user', 'tasks.stop', { status: 'stopped' }), gatePassed] }),
  ],
  [
    'a failed task that its user aborted before it ran',
    'wrong',
    history({
      status: 'failed',
      calls: [enqueued, call(500, 'user', 'tasks.stop', { status: 'stopped' })],
      traces: [],
    }),
  ],
  [
    'a run that continued long after the user aborted the task',
    'wrong',
    history({
      calls: [enqueued, gatePassed, call(3_000, 'user', 'tasks.stop', { status: 'in_progress' })],
      traces: run(1_000, { forMs: 20_000 }),
    }),
  ],
  [
    'a run after the user dequeued the task',
    'wrong',
    history({ calls: [enqueued, call(500, 'user', 'tasks.dequeue', { status: 'created' }), gatePassed] }),
  ],
  [
    'a task that ran as a Slurm job after its user had moved the task to another queue',
    'wrong',
    history({
      calls: [enqueued, call(500, 'user', 'tasks.enqueue', { status: 'queued', queue: OTHER_QUEUE }), gatePassed],
    }),
  ],
  [
    'a failed task that its user reset',
    'wrong',
    history({
      status: 'failed',
      calls: [
        enqueued,
        gatePassed,
        call(9_000, 'user', 'tasks.reset', { status: 'created' }),
        call(9_500, 'daemon-1', 'tasks.failed', { status: 'failed' }),
      ],
    }),
  ],
  ['a missing task that its user did not delete', 'wrong', history({ found: undefined })],
  [
    'a task that exists although its user deleted it',
    'wrong',
    history({ calls: [enqueued, call(500, 'user', 'tasks.delete')], traces: [] }),
  ],
  [
    'a failed task whose job was cancelled with scancel',
    'wrong',
    history({
      status: 'failed',
      traces: run(1_000, { code: 'killed' }),
      faults: [fault(3_500, 'scancel', { job: '7' })],
    }),
  ],
  [
    'a run by a second job after a scancel of the first job',
    'wrong',
    history({
      calls: [enqueued, call(500, 'daemon-1', 'queues.get_next_task'), gatePassed],
      traces: run(6_000, { job: '8' }),
      jobs: [job(900, 'PENDING'), job(6_000, 'RUNNING', '8')],
      faults: [fault(1_000, 'scancel', { job: '7' })],
    }),
  ],
  [
    'a stopped task that its user enqueued again',
    'wrong',
    history({ calls: [enqueued, gatePassed, late], status: 'stopped' }),
  ],
  [
    'a failed task without a status reason',
    'wrong',
    history({ traces: run(1_000, { code: 3 }), found: { status: 'failed', reason: '', message: '', queues: [] } }),
  ],
  [
    'a draft that its user did not remove from the scheduler queue',
    'wrong',
    history({ status: 'created', calls: [enqueued, parked], traces: [], jobs: [job(900, 'PENDING')] }),
  ],
  [
    'a draft whose job passed the gate before its user cleared the scheduler queue',
    'wrong',
    history({
      status: 'created',
      calls: [enqueued, parked, { ...gatePassed, at: 700, response: { at: 710, code: 200, count: 1 } }, cleared],
      traces: [],
    }),
  ],
  [
    'a failed task that its user removed from the scheduler queue',
    'wrong',
    history({ status: 'failed', calls: [enqueued, parked, removed], traces: [], jobs: [job(900, 'PENDING')] }),
  ],
];

describe('the chaos oracle', () => {
  for (const [title, wanted, given] of CASES) {
    it(`${wanted === 'nothing' ? 'accepts' : `reports "${wanted}" for`} ${title}`, () => {
      const result = checkHistory(given);
      const found = (['lost', 'twice', 'wrong'] as const).filter((kind) => result[kind].length > 0);
      if (wanted === 'nothing') expect(found, JSON.stringify(result)).to.deep.equal([]);
      else expect(found, JSON.stringify(result)).to.include(wanted);
    });
  }
});
