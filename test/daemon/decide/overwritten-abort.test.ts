// Tests rows of the decision table: the agent overwrote an abort request that an earlier poll saw.
import { expect } from 'chai';
import type { QueueId } from '../../../src/clearml/ids.ts';
import type { Task } from '../../../src/clearml/task.ts';
import type { Action } from '../../../src/daemon/decide/action.ts';
import { decide } from '../../../src/daemon/decide/decide.ts';
import type { Entry } from '../../../src/daemon/journal/entry.ts';
import type { JobId } from '../../../src/slurm/scheduler.ts';
import {
  actionNames,
  describeExactly,
  describeRows,
  entryOf,
  GRACES,
  jobOf,
  NOW,
  observation,
  recordOf,
  taskOf,
} from './observations.ts';

const RUN = NOW - 60_000;
const RUNNING = [jobOf('RUNNING')];
const TOLD = { startedOn: '7@' };
const CLEAR: Action = {
  do: 'note',
  patch: { astraySince: undefined, stoppingSince: undefined, stoppingRun: undefined },
};

/** A request to stop the run was seen before. */
function seenBefore(overrides: Partial<Entry> = {}): Entry {
  return entryOf({ told: TOLD, stoppingSince: NOW - 15_000, stoppingRun: RUN, ...overrides });
}

/** The same run, whose agent has set the status since, and reported. */
function overwritten(overrides: Partial<Task> = {}): Task {
  return taskOf('in_progress', {
    started: RUN,
    statusReason: 'worker started execution',
    statusMessage: 'Changed by clearml-agent login1:slurm:7',
    statusChanged: NOW - 10_000,
    lastUpdate: NOW - 5_000,
    ...overrides,
  });
}

describeExactly("after a starting agent has overwritten a user's abort, the daemon", [
  [
    'records the start time of the aborted run',
    {
      jobs: RUNNING,
      task: overwritten({ statusMessage: 'stopping' }),
      entry: entryOf({ told: TOLD }),
    },
    { do: 'note', patch: { stoppingSince: NOW, stoppingRun: RUN } },
  ],
  [
    'repeats the abort, reports the repetition, and restarts the grace period (C-40)',
    { jobs: RUNNING, task: overwritten(), entry: seenBefore() },
    { do: 'note', patch: { stoppingSince: NOW, told: { ...TOLD, abortRepeated: true } } },
    { do: 'repeat-abort' },
    {
      do: 'log',
      level: 'INFO',
      text: 'The abort was lost because clearml-agent was still starting the task. The daemon has aborted the task again.',
    },
  ],
  [
    'repeats the abort a second time without another console line',
    { jobs: RUNNING, task: overwritten(), entry: seenBefore({ told: { ...TOLD, abortRepeated: true } }) },
    { do: 'repeat-abort' },
  ],
  [
    'cancels the job at the end of the grace period even if the agent overwrites each repetition',
    {
      jobs: RUNNING,
      task: overwritten(),
      entry: seenBefore({ stoppingSince: NOW - GRACES.stopMs, told: { ...TOLD, abortRepeated: true } }),
    },
    { do: 'cancel', jobIds: ['7' as JobId], why: 'the agent did not end the aborted task in time' },
  ],
  [
    'repeats the abort once even if the grace period ended while the daemon was down',
    { jobs: RUNNING, task: overwritten(), entry: seenBefore({ stoppingSince: NOW - 10 * GRACES.stopMs }) },
    { do: 'note', patch: { stoppingSince: NOW, told: { ...TOLD, abortRepeated: true } } },
    { do: 'repeat-abort' },
    {
      do: 'log',
      level: 'INFO',
      text: 'The abort was lost because clearml-agent was still starting the task. The daemon has aborted the task again.',
    },
  ],
  [
    'does not repeat the abort until an agent has reported since the status change',
    { jobs: RUNNING, task: overwritten({ lastUpdate: NOW - 10_000 }), entry: seenBefore() },
  ],
  [
    'repeats the abort also for an agent on another node of the job',
    {
      jobs: RUNNING,
      task: overwritten({ lastWorker: 'login1:slurm:7:1' }),
      entry: seenBefore({ told: { ...TOLD, abortRepeated: true } }),
    },
    { do: 'repeat-abort' },
  ],
]);

describeRows("after a starting agent has overwritten a user's abort, the daemon", [
  {
    title: 'sets the status to "stopped" if the job ended NODE_FAIL',
    seen: {
      jobs: [jobOf('NODE_FAIL')],
      task: overwritten(),
      record: recordOf({ stateWord: 'NODE_FAIL' }),
      entry: seenBefore({ endSeenAt: NOW - GRACES.endMs }),
    },
    done: ['end stopped'],
  },
  {
    title: 'sets the status to "stopped" if the job was cancelled, even if the journal names an earlier job',
    seen: {
      jobs: [jobOf('FAILED', { id: '6' as JobId }), jobOf('CANCELLED')],
      task: overwritten(),
      record: recordOf({ stateWord: 'CANCELLED' }),
      entry: seenBefore({ jobId: '6' as JobId, endSeenAt: NOW - GRACES.endMs }),
    },
    done: ['end stopped'],
  },
  {
    title: 'cancels the job and sets the status to "stopped" if Slurm requeued the job',
    seen: { jobs: [jobOf('PENDING')], task: overwritten(), entry: seenBefore() },
    done: ['cancel', 'end stopped'],
  },
  {
    title: 'sets the status to "stopped", and cancels another pending job, if the agent is silent',
    seen: {
      jobs: [jobOf('PENDING', { id: '6' as JobId })],
      task: overwritten({ lastUpdate: NOW - GRACES.absentMs }),
      entry: seenBefore({ jobId: '6' as JobId }),
    },
    done: ['cancel', 'end stopped'],
  },
  {
    title: 'sets the status to "stopped" if Slurm lost the job and the agent is silent',
    seen: {
      jobs: [],
      lookedUp: true,
      task: overwritten({ lastUpdate: NOW - GRACES.absentMs }),
      entry: seenBefore({ absentSince: NOW - GRACES.absentMs }),
    },
    done: ['end stopped'],
  },
]);

describe('after the abort of a running task, the daemon', () => {
  for (const [title, task] of [
    ['was reset and has a new start time', overwritten({ started: RUN + 1 })],
    [
      'was reset and then started again without an execution queue',
      overwritten({ started: RUN + 1, executionQueue: undefined }),
    ],
    ['was enqueued again and claimed by another agent', overwritten({ started: RUN + 1 })],
    ['was enqueued in another queue', overwritten({ executionQueue: 'x'.repeat(32) as QueueId })],
    ['has no start time', overwritten({ started: undefined })],
  ] as const)
    it(`clears the record of the abort if the task ${title}`, () => {
      expect(decide(observation({ jobs: RUNNING, task, entry: seenBefore() }))).to.deep.equal([CLEAR]);
    });

  for (const lastWorker of ['gpu-box:0', 'login1:slurm:8'])
    it(`does not repeat the abort while the worker ${lastWorker} runs the task`, () => {
      expect(
        decide(observation({ jobs: RUNNING, task: overwritten({ lastWorker }), entry: seenBefore() })),
      ).to.deep.equal([]);
    });

  for (const status of ['created', 'queued', 'stopped', 'completed', 'failed'] as const)
    it(`does not repeat the abort if the status is "${status}"`, () => {
      for (const place of ['nowhere', 'own queue', 'another queue', 'parked'] as const) {
        const actions = decide(observation({ jobs: RUNNING, task: taskOf(status), place, entry: seenBefore() }));
        expect(actionNames(actions)).to.not.include('repeat-abort');
      }
    });

  it('starts a new grace period if the user aborts a later run of the task', () => {
    const entry = seenBefore({ stoppingSince: NOW - GRACES.stopMs });
    const task = overwritten({ started: RUN + 1, statusMessage: 'stopping' });
    expect(decide(observation({ jobs: RUNNING, task, entry }))).to.deep.equal([
      { do: 'note', patch: { stoppingSince: NOW, stoppingRun: RUN + 1 } },
    ]);
  });
});
