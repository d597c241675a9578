// The oracle permits correct histories and detects each kind of wrong one.
import { expect } from 'chai';
import { GOOD } from './permitted-histories.ts';
import { QUEUES, type TaskHistory } from './history.ts';
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
import { checkHistory } from './oracle.ts';

/** One of each kind of wrong, and the good ones. */
const CASES: readonly (readonly [string, 'nothing' | 'lost' | 'twice' | 'wrong', TaskHistory])[] = [
  ...GOOD.map(([title, good]) => [title, 'nothing', good] as const),
  ['a job that Slurm still has', 'lost', history({ liveJobs: ['7'] })],
  [
    'a task that is left in progress',
    'lost',
    history({
      status: 'in_progress',
      traces: run(1_000, { code: 'killed' }),
      faults: [fault(3_500, 'controller killed')],
    }),
  ],
  ['a task that is queued in no queue', 'lost', history({ status: 'queued', traces: [] })],
  [
    'an entry that is left in the scheduler queue',
    'lost',
    history({ found: { status: 'completed', reason: '', message: '', queues: [QUEUES.scheduler] } }),
  ],
  [
    'a task that still waits in the served queue',
    'lost',
    history({ traces: [], found: { status: 'queued', reason: '', message: '', queues: ['chaos'] } }),
  ],

  [
    'two runs at once',
    'twice',
    history({ traces: [...run(1_000, { forMs: 5_000 }), ...run(2_000, { job: '8', pid: 200 })] }),
  ],
  [
    'two runs at once after a requeue, the first of which lived on',
    'twice',
    history({
      traces: [...run(1_000, { forMs: 9_000 }), ...run(5_000, { pid: 200, restarts: 1 })],
      faults: [fault(3_500, 'requeue', { job: '7' })],
    }),
  ],
  [
    'a second run without a cause',
    'twice',
    history({ traces: [...run(1_000), ...run(9_000, { job: '8', pid: 200 })] }),
  ],
  [
    'a second run after another node had died',
    'twice',
    history({
      traces: [...run(1_000), ...run(9_000, { job: '8', pid: 200 })],
      faults: [fault(3_500, 'node killed', { node: 'n2' })],
    }),
  ],
  [
    'a second run whose enqueue came before the first',
    'twice',
    history({
      calls: [enqueued, call(100, 'user', 'tasks.enqueue', { queue: SERVED })],
      traces: [...run(1_000), ...run(9_000, { job: '8', pid: 200 })],
    }),
  ],

  [
    'a second run after an enqueue that the server refused, as the task ran',
    'twice',
    history({
      calls: [enqueued, gatePassed, call(5_000, 'user', 'tasks.enqueue', { code: 400, queue: SERVED })],
      traces: [...run(1_000), ...run(9_000, { job: '8', pid: 200 })],
    }),
  ],

  ['a run that ended well, and its task failed', 'wrong', history({ status: 'failed' })],
  ['a run that failed, and its task completed', 'wrong', history({ traces: run(1_000, { code: 3 }) })],
  ['a task that failed, and never ran', 'wrong', history({ status: 'failed', traces: [] })],
  [
    'a task that ran after its user took it out, left queued by a server that had its former status',
    'wrong',
    history({ calls: [enqueued, call(500, 'user', 'tasks.dequeue', { status: 'queued' }), gatePassed] }),
  ],
  [
    'a task that failed when it had been let in and never ran, while another node had died',
    'wrong',
    history({
      status: 'failed',
      traces: run(1_000).slice(0, 1),
      faults: [fault(2_500, 'node killed', { node: 'n2' })],
    }),
  ],
  [
    'a task that failed when its job had not been let in, and the controller had died',
    'wrong',
    history({
      status: 'failed',
      calls: [enqueued],
      traces: run(1_000).slice(0, 1),
      faults: [fault(2_500, 'controller killed')],
    }),
  ],
  [
    'a run that was killed after its node had long been back',
    'wrong',
    history({
      status: 'failed',
      traces: run(9_000, { code: 'killed' }),
      faults: [fault(1_000, 'node killed', { node: 'n1', until: 5_000 })],
    }),
  ],
  ['a task that completed, and never ran', 'wrong', history({ traces: [] })],
  [
    'a run that was killed without a fault',
    'wrong',
    history({ status: 'failed', traces: run(1_000, { code: 'killed' }) }),
  ],
  [
    'an abort while it waited, and it ran all the same',
    'wrong',
    history({ calls: [enqueued, call(500, 'user', 'tasks.stop', { status: 'stopped' }), gatePassed] }),
  ],
  [
    'an abort while it waited, turned into a failure',
    'wrong',
    history({
      status: 'failed',
      calls: [enqueued, call(500, 'user', 'tasks.stop', { status: 'stopped' })],
      traces: [],
    }),
  ],
  [
    'an abort while it ran, forgotten',
    'wrong',
    history({
      calls: [enqueued, gatePassed, call(3_000, 'user', 'tasks.stop', { status: 'in_progress' })],
      traces: run(1_000, { forMs: 20_000 }),
    }),
  ],
  [
    'a task taken out of its queue, and run all the same',
    'wrong',
    history({ calls: [enqueued, call(500, 'user', 'tasks.dequeue', { status: 'created' }), gatePassed] }),
  ],
  [
    'a task enqueued elsewhere, and run here',
    'wrong',
    history({
      calls: [enqueued, call(500, 'user', 'tasks.enqueue', { status: 'queued', queue: ELSEWHERE }), gatePassed],
    }),
  ],
  [
    'a reset that was undone',
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
  ['a task that is gone though its user did not delete it', 'wrong', history({ found: undefined })],
  [
    'a deleted task that came back',
    'wrong',
    history({ calls: [enqueued, call(500, 'user', 'tasks.delete')], traces: [] }),
  ],
  [
    'scancel by hand, and the task failed',
    'wrong',
    history({
      status: 'failed',
      traces: run(1_000, { code: 'killed' }),
      faults: [fault(3_500, 'scancel', { job: '7' })],
    }),
  ],
  [
    'scancel by hand, and another job that ran the task',
    'wrong',
    history({
      calls: [enqueued, call(500, 'daemon-1', 'queues.get_next_task'), gatePassed],
      traces: run(6_000, { job: '8' }),
      jobs: [job(900, 'PENDING'), job(6_000, 'RUNNING', '8')],
      faults: [fault(1_000, 'scancel', { job: '7' })],
    }),
  ],
  ['a new enqueue that was never served', 'wrong', history({ calls: [enqueued, gatePassed, late], status: 'stopped' })],
  [
    'a failure without a reason',
    'wrong',
    history({ traces: run(1_000, { code: 3 }), found: { status: 'failed', reason: '', message: '', queues: [] } }),
  ],
  [
    'a task that is a draft though its user did not remove it from the scheduler queue',
    'wrong',
    history({ status: 'created', calls: [enqueued, parked], traces: [], jobs: [job(900, 'PENDING')] }),
  ],
  [
    'a task that is a draft, whose user cleared the scheduler queue when its job had taken the entry',
    'wrong',
    history({
      status: 'created',
      calls: [enqueued, parked, { ...gatePassed, at: 700, response: { at: 710, code: 200, count: 1 } }, cleared],
      traces: [],
    }),
  ],
  [
    'a task that its user removed from the scheduler queue, and that failed',
    'wrong',
    history({ status: 'failed', calls: [enqueued, parked, removed], traces: [], jobs: [job(900, 'PENDING')] }),
  ],
];

describe('the oracle', () => {
  for (const [title, wanted, given] of CASES) {
    it(`${wanted === 'nothing' ? 'permits' : `reports as ${wanted}:`} ${title}`, () => {
      const result = checkHistory(given);
      const found = (['lost', 'twice', 'wrong'] as const).filter((kind) => result[kind].length > 0);
      if (wanted === 'nothing') expect(found, JSON.stringify(result)).to.deep.equal([]);
      else expect(found, JSON.stringify(result)).to.include(wanted);
    });
  }
});
