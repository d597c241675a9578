// Tests the sentences about the end of a job in full, so that every change of a word is visible.
import { expect } from 'chai';
import { describeEnd, describeNeverStarted } from '../../../src/daemon/end/describe-end.ts';
import { JOB_STATES } from '../../../src/slurm/job-state.ts';
import { JOB_EXIT_CODES } from '../../../src/sbatch-template/job-script/job-exit-codes.ts';
import { beginningOf } from '../../support/excerpt.ts';
import type { Job } from '../../../src/slurm/scheduler.ts';
import { jobOf, NOW, recordOf } from '../decide/observations.ts';

const on = { nodes: 'n[1-2]' };

/** A job that ran for so long. */
function ran(ms: number): Partial<Job> {
  return { ...on, startAt: NOW - ms, endedAt: NOW };
}

/** The message if the log has no known message. */
function neverStartedText(...of: Parameters<typeof describeNeverStarted>): string {
  const { text, guess } = describeNeverStarted(...of);
  return text + guess;
}

const SENTENCES: readonly (readonly [said: string, expected: string, ranFor?: string])[] = [
  [describeEnd(jobOf('COMPLETED', on), undefined), 'Slurm job 7 ended COMPLETED on n[1-2].'],
  [describeEnd(jobOf('FAILED', on), recordOf({ exitCode: 3 })), 'Slurm job 7 ended FAILED (exit code 3) on n[1-2].'],
  // What the agent returns for a program that SIGKILL ended, and what a shell returns for one.
  [
    describeEnd(jobOf('FAILED', on), recordOf({ exitCode: 247 })),
    'Slurm job 7 ended FAILED (exit code 247, SIGKILL) on n[1-2].',
  ],
  [
    describeEnd(jobOf('FAILED', on), recordOf({ exitCode: 139 })),
    'Slurm job 7 ended FAILED (exit code 139, SIGSEGV) on n[1-2].',
  ],
  [
    describeEnd(jobOf('FAILED', on), recordOf({ exitCode: 255 })),
    'Slurm job 7 ended FAILED (exit code 255) on n[1-2].',
  ],
  [
    describeEnd(jobOf('FAILED', on), recordOf({ exitCode: 0, exitSignal: 9 })),
    'Slurm job 7 ended FAILED (signal 9) on n[1-2].',
  ],
  [describeEnd(jobOf('FAILED'), undefined), 'Slurm job 7 ended FAILED.'],
  [
    describeEnd(jobOf('TIMEOUT', on), recordOf({ exitCode: 0, exitSignal: 15 })),
    'Slurm job 7 ended TIMEOUT on n[1-2]: Slurm ended it at its time limit of 01:00:00. What to do: raise --time, or save checkpoints and continue from them.',
  ],
  [
    describeEnd(jobOf('TIMEOUT', ran(3_480_000)), recordOf()),
    'Slurm job 7 ended TIMEOUT on n[1-2]: Slurm ended it at its time limit of 01:00:00. What to do: raise --time, or save checkpoints and continue from them.',
    '58 min',
  ],
  [
    describeEnd(jobOf('TIMEOUT', ran(3_479_000)), recordOf()),
    'Slurm job 7 ended TIMEOUT on n[1-2]: Slurm ended it before its time limit (01:00:00), because its reservation ended, or because its account or QOS has used up the time that it was granted. What to do: ask the cluster admins.',
  ],
  [
    describeEnd(jobOf('TIMEOUT', ran(86_400_000)), recordOf({ timeLimit: '1-00:03:00' })),
    'Slurm job 7 ended TIMEOUT on n[1-2]: Slurm ended it before its time limit (1-00:03:00), because its reservation ended, or because its account or QOS has used up the time that it was granted. What to do: ask the cluster admins.',
  ],
  [
    describeEnd(jobOf('TIMEOUT', ran(86_400_000)), recordOf({ timeLimit: 'UNLIMITED' })),
    'Slurm job 7 ended TIMEOUT on n[1-2]: Slurm ended it before its time limit (UNLIMITED), because its reservation ended, or because its account or QOS has used up the time that it was granted. What to do: ask the cluster admins.',
  ],
  [
    describeEnd(jobOf('OUT_OF_MEMORY', on), recordOf({ exitCode: 0, exitSignal: 125 })),
    'Slurm job 7 ended OUT_OF_MEMORY on n[1-2]: a process was killed because the job used more memory than it requested. What to do: raise --mem.',
  ],
  [
    describeEnd(
      jobOf('OUT_OF_MEMORY', on),
      recordOf({ exitSignal: 125, memoryLimit: '50M per node', peakMemory: '57M' }),
    ),
    'Slurm job 7 ended OUT_OF_MEMORY on n[1-2]: a process was killed because the job used more memory than it requested (limit 50M per node, peak 57M). What to do: raise --mem.',
  ],
  [
    describeEnd(jobOf('CANCELLED'), recordOf({ exitCode: 0, cancelledBy: 'root (uid 0)' })),
    'Slurm job 7 ended CANCELLED: it was cancelled in Slurm by root (uid 0).',
  ],
  [
    describeEnd(jobOf('CANCELLED', { reason: 'DependencyNeverSatisfied' }), recordOf({ exitCode: 0 })),
    'Slurm job 7 ended CANCELLED: Slurm cancelled it, because a job that it depends on has failed.',
  ],
  [
    describeEnd(
      jobOf('CANCELLED', { reason: 'DependencyNeverSatisfied' }),
      recordOf({ cancelledBy: 'ada (uid 1000)' }),
    ),
    'Slurm job 7 ended CANCELLED: it was cancelled in Slurm by ada (uid 1000).',
  ],
  [
    neverStartedText(jobOf('FAILED', on), recordOf({ exitCode: 1 })),
    "Slurm job 7 ended FAILED (exit code 1) on n[1-2]. clearml-agent did not start the task. The job's log shows the cause: for example, a command of the template failed, the node cannot reach the ClearML server, or Python is missing.",
  ],
  [
    neverStartedText(jobOf('FAILED', on), recordOf({ exitCode: 126 })),
    'Slurm job 7 ended FAILED (exit code 126) on n[1-2]. clearml-agent did not start the task: a command of the template exists on the node but cannot be executed. The log names the command; check its permissions and its architecture.',
  ],
  [
    describeEnd(jobOf('NODE_FAIL', on), recordOf({ exitCode: 0 })),
    'Slurm job 7 ended NODE_FAIL on n[1-2]: it ended because a node failed. What to do: enqueue the task again; if the same node fails again, tell the cluster admins.',
  ],
  [
    describeEnd(jobOf('NODE_FAIL', { reason: 'PartitionDown', partition: 'gpu' }), recordOf({ exitCode: 1 })),
    'Slurm job 7 ended NODE_FAIL: Slurm ended it, because its partition (gpu) no longer exists. What to do: enqueue the task again with another partition, or ask the cluster admins.',
  ],
  [
    describeEnd(jobOf('CANCELLED'), recordOf({ exitCode: 0 })),
    'Slurm job 7 ended CANCELLED: it was cancelled in Slurm.',
  ],
  [
    describeEnd(jobOf('CANCELLED', on), undefined, 'the task was deleted'),
    'Slurm job 7 was cancelled on n[1-2] because the task was deleted.',
  ],
  [
    neverStartedText(jobOf('FAILED', on), recordOf({ exitCode: JOB_EXIT_CODES.noPython.code })),
    `Slurm job 7 ended on n[1-2] before the task started: ${JOB_EXIT_CODES.noPython.meaning} ${JOB_EXIT_CODES.noPython.advice}`,
  ],
  [
    neverStartedText(jobOf('FAILED', on), recordOf({ exitSignal: 53 })),
    'Slurm job 7 ended immediately: its output file (/home/u/slurm-7.out) cannot be written on the node. Set --output in the template to a directory that exists on the node.',
  ],
  [
    neverStartedText(jobOf('FAILED', on), recordOf({ exitCode: 127 })),
    'Slurm job 7 ended FAILED (exit code 127) on n[1-2]. clearml-agent did not start the task: a command of the template was not found on the node. The log names the command; load its module, or add its directory to PATH, before CLEARML_PRE_SETUP.',
  ],
];

describe("the description of a job's end", () => {
  for (const [said, expected, ranFor] of SENTENCES) {
    it(`${ranFor === undefined ? '' : `after ${ranFor} `}is: ${beginningOf(expected)}`, () => {
      expect(said).to.equal(expected);
    });
  }

  it('suggests a cause for a job that ended FAILED, but not for NODE_FAIL', () => {
    expect(describeNeverStarted(jobOf('NODE_FAIL', on), undefined).guess).to.equal('');
    expect(describeNeverStarted(jobOf('FAILED', on), undefined).guess).to.match(
      /^ The job's log shows the cause: for example/,
    );
  });

  it('is a complete sentence with the job id for every final state of a job', () => {
    for (const word of Object.keys(JOB_STATES)) {
      const text = describeEnd(jobOf(word), undefined);
      expect(text).to.match(/^Slurm job 7 ended [A-Z_]+.*\.$/);
      expect(text, word).to.not.match(/\.\.|undefined|null|: \./);
    }
  });
});
