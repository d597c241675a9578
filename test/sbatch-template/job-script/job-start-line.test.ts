// The first command of a job script, in a real shell, and what its line in the log shows.
import { expect } from 'chai';
import { execFileSync, spawnSync } from 'node:child_process';
import { addStartLine, hasBegun, hasSpankFailed } from '../../../src/sbatch-template/job-script/job-start-line.ts';

const START = 1_795_954_190;
const ENVIRONMENT = { PATH: '/usr/bin:/bin', SLURM_JOB_ID: '182', SLURM_JOB_START_TIME: String(START) };

function run(script: string, env: NodeJS.ProcessEnv = ENVIRONMENT, shell = 'bash'): string {
  return execFileSync(shell, ['-e', '-u', '-c', addStartLine(script)], { env, encoding: 'utf8' });
}

const JOB = { id: '182', startAt: START * 1000 };

describe('the start command that the daemon inserts into a job script', () => {
  it('prints the job id and the start time before any other output', () => {
    expect(run('#!/bin/bash\n#SBATCH --time=1\n\necho after\n')).to.equal(
      `clearml: job 182 begins (${START})\nafter\n`,
    );
  });

  it('is inserted after all directives', () => {
    const script = addStartLine('#!/bin/bash\n#SBATCH --time=1\n# text\n\n#SBATCH --mem=1G\necho after\n');
    expect(script.split('\n').slice(0, 5)).to.deep.equal([
      '#!/bin/bash',
      '#SBATCH --time=1',
      '# text',
      '',
      '#SBATCH --mem=1G',
    ]);
  });

  it('does not change the line numbers in error messages', () => {
    expect(run('#!/bin/bash\n\necho "$LINENO"\n')).to.match(/\n3\n$/);
  });

  for (const first of [
    'if true; then echo after; fi',
    '# a comment\necho after',
    '(( 1 == 1 )) && echo after',
    '{ echo after; }',
    'function f { echo after; }; f',
  ])
    it(`runs before ${JSON.stringify(first)}`, () => {
      expect(run(`#!/bin/bash\n${first}\n`)).to.match(/begins.*\nafter\n$/);
    });

  it('prints the time of the node if SLURM_JOB_START_TIME is not set', () => {
    const before = Math.floor(Date.now() / 1000);
    const log = run('true\n', { PATH: '/usr/bin:/bin', SLURM_JOB_ID: '182' });
    expect(Number(/\((\d+)\)/.exec(log)?.[1])).to.be.at.least(before);
  });

  it('does not end a script with set -e if stdout is closed', () => {
    const script = addStartLine('true\n');
    const { stderr } = spawnSync('bash', ['-e', '-c', `exec >&-\n${script}echo alive >&2`], {
      env: ENVIRONMENT,
      encoding: 'utf8',
    });
    expect(stderr).to.match(/alive\n$/);
  });

  it('works in dash', () => {
    expect(run('echo after\n', ENVIRONMENT, 'dash')).to.match(/begins.*\nafter\n$/);
  });
});

describe("the search for the script's start line in a job's log", () => {
  it('finds the line that a script has printed', () => {
    expect(hasBegun(run('#!/bin/bash\nexit 0\n'), JOB)).to.equal(true);
  });

  for (const [title, log, expected] of [
    ['finds no line in an empty log', '', false],
    ['ignores the line of an earlier start of the job', `clearml: job 182 begins (${START - 5})\n`, false],
    ['ignores the line of another job', `clearml: job 181 begins (${START})\n`, false],
    ['ignores a message of slurmstepd', '[2026-11-29T12:09:49.028] error: *** REASON: Nodes are DOWN ***\n', false],
    ['finds the line after the output of a login profile', `Welcome\nclearml: job 182 begins (${START})\n`, true],
    [
      'finds the line even if the log also contains the line of an earlier start',
      `clearml: job 182 begins (${START - 5})\nclearml: job 182 begins (${START})\n`,
      true,
    ],
    ['finds a line that contains no time', 'clearml: job 182 begins ()\n', true],
    [
      'accepts a line whose time is later than the start of the job',
      `clearml: job 182 begins (${START + 300})\n`,
      true,
    ],
    ['accepts a line whose time lacks the milliseconds of the start', `clearml: job 182 begins (${START})\n`, true],
  ] as const)
    it(title, () => {
      expect(hasBegun(log, { ...JOB, startAt: JOB.startAt + 500 })).to.equal(expected);
    });
});

describe('the search for the failure of a SPANK plugin', () => {
  for (const [title, log, expected] of [
    [
      'finds the failure in the message about a required plugin',
      'slurmstepd-n1: error: spank: required plugin spank_pyxis.so: task_init() failed with rc=-1\n',
      true,
    ],
    [
      'finds the failure in a message of Slurm 26.05 with a time instead of a node',
      '[2026-11-29T18:23:00.188] error: spank: required plugin spank_pyxis.so: task_init() failed with rc=-1\n',
      true,
    ],
    [
      'finds the failure in a message that names no node',
      'slurmstepd: error: Failed to invoke spank plugin stack\n',
      true,
    ],
    [
      'ignores a message of slurmstepd about something else',
      'slurmstepd-n1: error: *** JOB 7 ON n1 CANCELLED ***\n',
      false,
    ],
    [
      'ignores a message about a SPANK plugin after other text in the line',
      'see: slurmstepd: error: Failed to invoke spank plugin stack\n',
      false,
    ],
  ] as const)
    it(title, () => {
      expect(hasSpankFailed(log)).to.equal(expected);
    });
});
