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

describe("the command that prints a job's start line", () => {
  it('prints the job id and the start time before any other output', () => {
    expect(run('#!/bin/bash\n#SBATCH --time=1\n\necho after\n')).to.equal(
      `clearml: job 182 begins (${START})\nafter\n`,
    );
  });

  it('is inserted after all #SBATCH lines', () => {
    const script = addStartLine('#!/bin/bash\n#SBATCH --time=1\n# text\n\n#SBATCH --mem=1G\necho after\n');
    expect(script.split('\n').slice(0, 5)).to.deep.equal([
      '#!/bin/bash',
      '#SBATCH --time=1',
      '# text',
      '',
      '#SBATCH --mem=1G',
    ]);
  });

  it('does not change the line numbers of the script', () => {
    expect(run('#!/bin/bash\n\necho "$LINENO"\n')).to.match(/\n3\n$/);
  });

  for (const first of [
    'if true; then echo after; fi',
    '# a comment\necho after',
    '(( 1 == 1 )) && echo after',
    '{ echo after; }',
    'function f { echo after; }; f',
  ])
    it(`runs first in a script that begins with ${JSON.stringify(first)}`, () => {
      expect(run(`#!/bin/bash\n${first}\n`)).to.match(/begins.*\nafter\n$/);
    });

  it("prints the node's time if SLURM_JOB_START_TIME is not set", () => {
    const before = Math.floor(Date.now() / 1000);
    const log = run('true\n', { PATH: '/usr/bin:/bin', SLURM_JOB_ID: '182' });
    expect(Number(/\((\d+)\)/.exec(log)?.[1])).to.be.at.least(before);
  });

  it('does not abort a script under bash -e if stdout is closed', () => {
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

describe("the search for a start line in a job's log", () => {
  it('finds the start line that a job script printed', () => {
    expect(hasBegun(run('#!/bin/bash\nexit 0\n'), JOB)).to.equal(true);
  });

  for (const [title, log, expected] of [
    ['finds no start line in an empty log', '', false],
    ['ignores the start line of an earlier run of the same job', `clearml: job 182 begins (${START - 5})\n`, false],
    ['ignores the start line of another job', `clearml: job 181 begins (${START})\n`, false],
    ['ignores a message of slurmstepd', '[2026-11-29T12:09:49.028] error: *** REASON: Nodes are DOWN ***\n', false],
    ['finds the start line after the output of a login profile', `Welcome\nclearml: job 182 begins (${START})\n`, true],
    [
      'finds the second of two start lines in a log',
      `clearml: job 182 begins (${START - 5})\nclearml: job 182 begins (${START})\n`,
      true,
    ],
    ['finds a start line that contains no time', 'clearml: job 182 begins ()\n', true],
    [
      'accepts a start line that is later than the start of the job',
      `clearml: job 182 begins (${START + 300})\n`,
      true,
    ],
    ['accepts a start line with a time in whole seconds', `clearml: job 182 begins (${START})\n`, true],
  ] as const)
    it(title, () => {
      expect(hasBegun(log, { ...JOB, startAt: JOB.startAt + 500 })).to.equal(expected);
    });
});

describe("the search for a SPANK plugin failure in a job's log", () => {
  for (const [title, log, expected] of [
    [
      'finds a message about a required plugin',
      'slurmstepd-n1: error: spank: required plugin spank_pyxis.so: task_init() failed with rc=-1\n',
      true,
    ],
    [
      'finds a message that begins with a time instead of a node, as in Slurm 26.05',
      '[2026-11-29T18:23:00.188] error: spank: required plugin spank_pyxis.so: task_init() failed with rc=-1\n',
      true,
    ],
    ['finds a message that names no node', 'slurmstepd: error: Failed to invoke spank plugin stack\n', true],
    [
      'ignores a slurmstepd message about a cancelled job',
      'slurmstepd-n1: error: *** JOB 7 ON n1 CANCELLED ***\n',
      false,
    ],
    [
      'ignores a SPANK message that does not begin its line',
      'see: slurmstepd: error: Failed to invoke spank plugin stack\n',
      false,
    ],
  ] as const)
    it(title, () => {
      expect(hasSpankFailed(log)).to.equal(expected);
    });
});
