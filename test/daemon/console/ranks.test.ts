// Tests which rank of a multi-node task is reported as the first that failed, and which ones as not run.
import { expect } from 'chai';
import { describeIdleRanks, describeRankEnd, hasRanks } from '../../../src/daemon/console/ranks.ts';

/** From the logs of real jobs. */
const BY_SCRIPT = `
Process failed, exit code 5 - rank 1
clearml: n2: rank 1 of 3 ended with exit code 5
srun: error: n2: task 1: Exited with exit code 5
srun: Terminating StepId=4.1
slurmstepd: error: *** STEP 4.1 ON n1 CANCELLED AT 2026-11-24T21:00:00 ***
srun: error: n3: task 2: Terminated
`;
/** The program of rank 0 was killed, and its agent reports that. */
const KILLED_PROGRAM = `
DONE: Running task '82b6404f', exit status -9
clearml: n1: rank 0 of 2 ended with exit code 247
srun: error: n1: task 0: Exited with exit code 247
`;
const KILLED = `
srun: error: n3: task 2: Killed
srun: launch/slurm: _step_signal: Terminating StepId=4.1
clearml: n1: rank 0 of 3 ended with exit code 1
srun: error: n[1-2]: tasks 0-1: Exited with exit code 1
`;

describe("the search of a job's log for the first failed rank", () => {
  for (const [what, log, words] of [
    ['rank 1 on n2, with exit code 5, in a line of the job script', BY_SCRIPT, 'Rank 1 on n2 ended with exit code 5'],
    [
      'rank 0 on n1, killed by SIGKILL, in a line of the job script',
      KILLED_PROGRAM,
      'Rank 0 on n1 ended with exit code 247 (SIGKILL)',
    ],
    ['rank 2 on n3, which was killed, in a line of srun', KILLED, 'Rank 2 on n3 ended ("Killed")'],
    [
      'ranks 0-1 on n[1-2], both with "Out Of Memory", in a line of srun',
      'srun: error: n[1-2]: tasks 0-1: Out Of Memory\n',
      'Ranks 0-1 on n[1-2] ended ("Out Of Memory")',
    ],
  ] as const) {
    it(`finds ${what}`, () => {
      expect(describeRankEnd(log)).to.equal(`${words}, and Slurm ended the other ranks.`);
    });
  }

  it('finds no rank if no line of the job script or of srun names a failed rank', () => {
    expect(describeRankEnd('rank 1 of 3 ended with exit code 5\nsrun: error: Unable to create step\n')).to.equal(
      undefined,
    );
  });

  it('is needed only if the job has several nodes', () => {
    expect(['n[1-3]', 'n1,m2', 'n1', undefined].map((nodes) => hasRanks({ nodes }))).to.deep.equal([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe('the daemon', () => {
  const idle = (rank: number): string =>
    `clearml: n${rank + 1}: rank ${rank} does not run the task, which was completed before this rank started\n`;
  const WHY =
    'the first rank had already completed the task. If all ranks must run, synchronize them at the start (e.g. with a barrier).';

  for (const [ranks, who] of [
    [[2], 'Rank 2 (n3)'],
    [[3, 1], 'Ranks 3 (n4), 1 (n2)'],
    [[1, 2, 3, 4, 5, 6, 7], 'Ranks 1 (n2), 2 (n3), 3 (n4), 4 (n5), 5 (n6), 2 more'],
  ] as const) {
    it(`reports from the job's log: "${who} did not run"`, () => {
      expect(describeIdleRanks(`0\n${ranks.map(idle).join('')}end\n`)).to.equal(`${who} did not run: ${WHY}`);
    });
  }

  it("ignores task output that imitates the job script's line about an idle rank", () => {
    const stopped = idle(2).replace('completed', 'stopped');

    expect(describeIdleRanks(`0\n${stopped}> ${idle(1)}`)).to.equal(undefined);
  });
});
