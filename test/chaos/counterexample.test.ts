// Prints the counterexample of a task.
import { expect } from 'chai';
import { fault, enqueued, gatePassed, history, run, TASK } from './sample-history.ts';
import { checkHistory } from './oracle.ts';
import { formatCounterexample } from './counterexample.ts';

describe('the printed counterexample', () => {
  it("lists calls, jobs, runs, faults and the oracle's findings in the order of their times", () => {
    const given = history({
      status: 'failed',
      traces: run(1_000, { code: 'killed' }),
      faults: [fault(3_500, 'node killed', { node: 'n1', words: 'node n1 is killed', until: 5_000 })],
      calls: [enqueued, { ...gatePassed, response: undefined }],
    });

    expect(formatCounterexample(given, checkHistory({ ...given, liveJobs: ['7'] })).split('\n')).to.deep.equal([
      `task ${TASK} (ends well)`,
      '  ! Slurm still has its job 7',
      '      0.00 user: tasks.enqueue served -> 200 count 1 queued',
      '      1.00 job 7 on n1: job starts',
      '      1.00 Slurm: job 7 is RUNNING (None)',
      '      1.90 node: queues.remove_task -> no answer',
      '      2.00 job 7 on n1: run begins',
      '      3.50 *** node n1 is killed until     5.00',
      '      4.00 job 7: last sign of life of the run',
      '  in the end it is failed (worker execution done: ), in no queue',
    ]);
  });
});
