// Tests complete decisions about the end of a job on several nodes, whose log shows whether all ranks ran.
import type { JobId } from '../../../src/slurm/scheduler.ts';
import { describeExactly, jobOf, recordOf, taskOf } from './observations.ts';

const jobs = [jobOf('COMPLETED', { nodes: 'n[1-2]' })];
const END = { do: 'log', level: 'INFO', text: 'Slurm job 7 ended COMPLETED on n[1-2].' } as const;

describeExactly('after the end of a job on several nodes, the daemon', [
  [
    "first reads Slurm's record of the job if the task completed",
    { jobs, task: taskOf('completed') },
    { do: 'read-record', jobId: '7' as JobId },
  ],
  [
    'forgets a completed task, and reports the ranks that did not run',
    { jobs, task: taskOf('completed'), record: recordOf() },
    { do: 'forget' },
    { ...END, withIdleRanks: true },
  ],
  [
    'forgets a completed task if Slurm has no record of the job',
    { jobs, task: taskOf('completed'), record: 'gone' },
    { do: 'forget' },
    END,
  ],
  [
    "does not read Slurm's record of the job if the task was stopped",
    { jobs, task: taskOf('stopped') },
    { do: 'forget' },
    END,
  ],
]);
