// Tests that a job is cancelled by id and name together, and what the output of scancel says about other jobs.
import { expect } from 'chai';
import { parseScancel, scancelArgs } from '../../src/slurm/cancel-jobs.ts';
import type { JobId } from '../../src/slurm/scheduler.ts';
import { result } from './recorded-output.ts';

const AWAY = 'Unable to contact slurm controller (connect failure)';
const ofJob = (words: string): string => `scancel: error: Kill job error on job id 7: ${words}\n`;

describe('the daemon', () => {
  it('passes both the job id and the job name to scancel (S-39)', () => {
    const args = scancelArgs({ id: '7' as JobId, name: 'clearml_task_a-1' });

    expect(args).to.deep.equal(['--ctld', '--name=clearml_task_a-1', '7']);
  });

  for (const [what, answer] of [
    ['scancel prints nothing', {}],
    ['Slurm does not know the job id', { exitCode: 1, stderr: ofJob('Invalid job id specified') }],
    [
      'Slurm reports another name for the job id',
      { stderr: ofJob('Job name prod\nrun != filter name clearml_task_a-1') },
    ],
  ] as const) {
    it(`considers a job cancelled or ended if ${what}`, () => {
      expect(parseScancel(result(answer))).to.equal(undefined);
    });
  }

  for (const [what, answer, words] of [
    [
      'if scancel exits with code 210 because Slurm denies access',
      { exitCode: 210, stderr: ofJob('Access/permission denied') },
      'Access/permission denied',
    ],
    [
      'if scancel exits with code 0 although Slurm denies access',
      { stderr: ofJob('Access/permission denied') },
      'Access/permission denied',
    ],
    ['if scancel loses the connection to the controller', { exitCode: 8, stderr: ofJob(AWAY) }, AWAY],
  ] as const) {
    it(`considers the cancellation of one job failed ${what}`, () => {
      const failure = parseScancel(result(answer));

      expect(failure).to.deep.equal({ words: ofJob(words).trim(), isOfOneJob: true });
    });
  }

  it('considers the cancellation of all jobs failed if the controller does not respond', () => {
    const stderr = `slurm_load_jobs error: ${AWAY}\n`;

    expect(parseScancel(result({ exitCode: 1, stderr }))).to.deep.equal({ words: stderr.trim(), isOfOneJob: false });
  });

  it('considers the cancellation of all jobs failed if scancel is killed', () => {
    const killed = parseScancel(result({ exitCode: undefined, killedBy: 'SIGKILL' }));

    expect(killed).to.deep.equal({ words: 'scancel was killed by SIGKILL', isOfOneJob: false });
  });
});
