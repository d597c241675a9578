// Directives that are errors for every task: options that conflict with one job for each task, and lines that sbatch ignores.
import { expect } from 'chai';
import { BODY, itParses, messageOf, withBody, withDirectives } from '../template-fixtures.ts';

const REFUSED: readonly (readonly [what: string, text: string, message: RegExp])[] = [
  [
    'a directive after the first command',
    `#!/bin/bash\n:\n#SBATCH -n 1\n${BODY}`,
    /^t\.template:3:1: sbatch ignores #SBATCH lines after the first command: move the line up/,
  ],
  [
    'a directive after PRE_SETUP',
    '#!/bin/bash\n${CLEARML_PRE_SETUP}\n#SBATCH -n 1\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n',
    /^t\.template:3:1: sbatch ignores/,
  ],
  [
    'a #SLURM line',
    withDirectives('#SLURM -n 1'),
    /^t\.template:2:1: sbatch reads #SLURM as #SBATCH, with a warning: write #SBATCH/,
  ],
];

const REFUSED_OPTIONS: readonly (readonly [line: string, finding: RegExp])[] = [
  ['--array=1-4', /^--array: one task is one job/],
  ['--array 1-4', /^--array/],
  ['--arr=1-4', /^--array/],
  ['--ar 1', /^--array/],
  ['"--array=1-4"', /^--array/],
  ['--ar\\ray=1', /^--array/],
  ["--a'rra'y=1", /^--array/],
  ['-a 1-4', /^--array/],
  ['-a1-4', /^--array/],
  ['-Ha1-4', /^--array/],
  ['-n 1 -a 1-4', /^--array/],
  ['--mem=1 --array=1', /^--array/],
  ['-Q', /^--quiet: sbatch would not print the job id/],
  ['--quiet', /^--quiet/],
  ['--qu', /^--quiet/],
  ['-vQ', /^--quiet/],
  ['-W', /^--wait: sbatch would not return/],
  ['-Wfoo', /^--wait/],
  ['-HW', /^--wait/],
  ['--wait', /^--wait/],
  ['--wai', /^--wait/],
  ['--uid=0', /^--uid: a template must not choose/],
  ['--ui=0', /^--uid/],
  ['--gid=0', /^--gid/],
  ['--gid 0', /^--gid/],
  ['--clusters=far', /^--clusters: the daemon looks for this job on the cluster of the queue/],
  ['-M', /^--clusters/],
  ['--test-only', /^--test-only: sbatch would submit nothing/],
  ['hetjob', /^hetjob: a heterogeneous job consists of several jobs/],
  ['packjob', /^packjob/],
  ['HetJob', /^HetJob/],
  ['-n 1 hetjob', /^hetjob/],
  ['-n 1 : -n 2', /^:: a heterogeneous job/],
];

const ACCEPTED: readonly (readonly [what: string, text: string])[] = [
  [
    'options whose names begin like rejected options',
    withDirectives('#SBATCH --account=a --wait-all-nodes=1 --wckey=w --use-min-nodes --gres=gpu:1 --gpus=1 --time=1'),
  ],
  [
    'short options whose values contain the letters of rejected options',
    withDirectives('#SBATCH -Aa -JWaQ -pQ -oa.log -DWork'),
  ],
  [
    'a comment that contains a rejected option',
    withDirectives('#SBATCH -n 1 # --array=1-4', '##SBATCH --array=1', '# #SBATCH -W', ' #SBATCH -Q'),
  ],
  ['#SBATCH--nodes=1 without a blank', withDirectives('#SBATCH--nodes=1')],
  [
    'comments and empty lines between directives',
    `#!/bin/bash\n\n# a\n#SBATCH -n 1\n   \n\t# b\n#SBATCH -N 1\n${BODY}`,
  ],
  ['directives in a here-document', withBody("cat > job <<'END'\n#SBATCH --array=1\nEND")],
];

describe('parseTemplate (the #SBATCH lines of a template)', () => {
  itParses(REFUSED, ACCEPTED);

  for (const [line, finding] of REFUSED_OPTIONS) {
    it(`rejects #SBATCH ${line} (S-34)`, () => {
      const message = messageOf(withDirectives('#SBATCH -N 1', `#SBATCH ${line}`));
      expect(message).to.match(/^t\.template:3:/);
      expect(message.replace(/^t\.template:3:\d+: /, '')).to.match(finding);
    });
  }
});
