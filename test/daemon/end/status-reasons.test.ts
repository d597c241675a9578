// Which job is that of the last run of a task.
import { expect } from 'chai';
import { lastJobOf } from '../../../src/daemon/end/status-reasons.ts';

describe('the user property slurm_job_id', () => {
  for (const [status, statusReason, job] of [
    ['failed', 'template', undefined],
    ['failed', 'rejected by Slurm', undefined],
    ['failed', 'no Unix user', undefined],
    ['failed', 'job lost', '7'],
    ['failed', 'worker execution exit code 1', '7'],
    ['queued', 'template', '7'],
    ['completed', '', '7'],
  ] as const)
    it(`names ${job === undefined ? 'a job of an earlier run' : 'the job of the last run'} if the status is "${status}"${statusReason && ` with the reason "${statusReason}"`}`, () => {
      expect(lastJobOf({ status, statusReason, slurmJob: '7' })).to.equal(job);
    });
});
