// What is wrong with a template whatever the task is: found when it is read, with line, column and what to write instead.
import { expect } from 'chai';
import { parseTemplate } from '../../src/template/parse-template.ts';
import { problemOf, withBody, withDirectives } from './filled-in.ts';

const BODY = '${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n';

/** The problem's message, or "accepted". */
function messageOf(text: string): string {
  return problemOf(() => parseTemplate(text, 't.template'))?.message ?? 'accepted';
}

const REFUSED: readonly (readonly [what: string, text: string, message: RegExp])[] = [
  ['a missing first line', BODY, /^t\.template:1:1: the first line must begin with #!, .* write #!\/bin\/bash$/],
  ['an empty file', '', /^t\.template:1:1: the first line must begin with #!/],
  ['a blank line before #!', `\n#!/bin/bash\n${BODY}`, /^t\.template:1:1: the first line must begin with #!/],
  [
    'a byte order mark',
    `\uFEFF#!/bin/bash\n${BODY}`,
    /^t\.template:1:1: a byte order mark .* save the file as UTF-8 without/,
  ],
  ['DOS line ends', `#!/bin/bash\n:\r\n${BODY}`, /^t\.template:2:2: a DOS line end, .* run sed/],
  ['DOS line ends in the first line', `#!/bin/bash\r\n${BODY}`, /^t\.template:1:12: a DOS line end/],
  ['a NUL', `#!/bin/bash\n: \0\n${BODY}`, /^t\.template:2:3: a NUL character/],
  ['another language', `#!/usr/bin/env python3\n${BODY}`, /^t\.template:1:1: a template is a script for bash/],
  ['another shell', `#!/bin/zsh\n${BODY}`, /^t\.template:1:1: a template is a script for bash/],
  [
    'more than 4 MB',
    `#!/bin/bash\n# ${'é'.repeat(2 ** 21)}\n${BODY}`,
    /^t\.template:1:1: the script is 4194\d+ bytes long/,
  ],

  [
    'an unknown filter',
    withBody(': ${CLEARML_TASK.name|lowr}'),
    /^t\.template:3:3: unknown filter "lowr": there are strip, .*did you mean "lower"\?/,
  ],
  ['an unknown filter behind a default', withBody(': ${CLEARML_TASK.name:x|shout}'), /unknown filter "shout"/],
  ['a filter with an argument too many', withBody(': ${CLEARML_TASK.name|lower(x)}'), /unknown filter "lower\(x\)"/],
  [
    'a blank that is not closed',
    withBody('echo ${CLEARML_TASK.id'),
    /^t\.template:3:6: \$\{CLEARML_TASK\.id is never closed: write a \}/,
  ],
  [
    'a blank that is closed on the next line',
    withBody('echo "${CLEARML_TASK.name:a\n}"'),
    /^t\.template:3:7: .* is never closed/,
  ],
  [
    'a twin that is not closed',
    withBody('echo $<CLEARML_TASK.id}'),
    /\$<CLEARML_TASK\.id\} is never closed: write a >/,
  ],
  [
    'an unclosed blank in a directive',
    withDirectives('#SBATCH -J ${CLEARML_TASK.id'),
    /^t\.template:2:12: .* is never closed/,
  ],
  [
    'an unknown root',
    withBody(': ${CLEARML_TSAK.id}'),
    /^t\.template:3:3: CLEARML_TSAK has no fields: .* did you mean CLEARML_TASK\?/,
  ],
  ['fields of a name without fields', withBody(': ${CLEARML_QUEUE_NAME.id}'), /CLEARML_QUEUE_NAME has no fields/],
  ['a root of the Enterprise glue', withBody(': ${CLEARML_USER_VAULTS.x}'), /CLEARML_USER_VAULTS has no fields/],
  [
    'an expansion in a default',
    withBody(': ${CLEARML_TASK.x:${HOME}/y}'),
    /the default of CLEARML_TASK\.x is plain text/,
  ],
  [
    'a backslash before a blank',
    withBody('echo \\${CLEARML_TASK.id}'),
    /^t\.template:3:6: a backslash in front of a blank/,
  ],
  ['a backslash before a blank in quotes', withBody('echo "\\${CLEARML_TASK.id}"'), /^t\.template:3:7: a backslash/],
  [
    'a backslash before a blank in a directive',
    withDirectives('#SBATCH -J \\${CLEARML_TASK.id}'),
    /^t\.template:2:12: a backslash/,
  ],
  [
    'a blank for the end of a here-document',
    withBody('cat <<${CLEARML_TASK.id}\n${CLEARML_TASK.id}'),
    /can not be the delimiter/,
  ],
  ['words in quotes', withBody('echo "${CLEARML_TASK.name|words}"'), /^t\.template:3:7: \|words makes several words/],
  ['words with text around', withBody('echo a${CLEARML_TASK.name|words}'), /\|words makes several words/],
  ['words as an assignment', withBody('a=${CLEARML_TASK.name|words}'), /\|words makes several words/],
  [
    'words in a directive',
    withDirectives('#SBATCH --comment=${CLEARML_TASK.name|words}'),
    /\|words can not stand in an #SBATCH line/,
  ],
  [
    'a default that can not stand in its place',
    withBody('eval "echo ${CLEARML_TASK.name:a b}"'),
    /^t\.template:3:12: the value of CLEARML_TASK\.name, "a b" can not stand here/,
  ],
  [
    'a default that would be an option',
    withDirectives('#SBATCH -J ${CLEARML_TASK.x:--uid=0}'),
    /begins with a dash here/,
  ],
  [
    'a default that is empty where it must not be',
    withDirectives('#SBATCH -p ${CLEARML_TASK.x:}'),
    /the value is empty here/,
  ],
  [
    'a default that ends its here-document',
    withBody('cat <<END\n${CLEARML_TASK.x:END}\nEND'),
    /would be "END" and end the here-document/,
  ],

  ['quotes that are not closed', withBody('echo "a'), /^t\.template:3:6: this " is never closed/],
  ['single quotes that are not closed', withBody("echo 'a"), /^t\.template:3:6: this ' is never closed/],
  [
    'a substitution that is not closed',
    withBody('echo $(a'),
    /this \( is never closed|must be a command of its own|CLEARML_/,
  ],
  [
    'a here-document that is not closed',
    withBody('cat <<END\na'),
    /^t\.template:3:5: this here-document is never closed: write END alone/,
  ],
  [
    'a quote in a directive that is not closed',
    withDirectives('#SBATCH -J "a'),
    /^t\.template:2:12: this " is never closed/,
  ],

  [
    'no PRE_SETUP',
    '#!/bin/bash\n#SBATCH -n 1\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n',
    /^t\.template:3:1: \$\{CLEARML_PRE_SETUP\} is missing: write it on a line of its own/,
  ],
  [
    'no AGENT_EXECUTE',
    '#!/bin/bash\n${CLEARML_PRE_SETUP}\n${CLEARML_POST_SETUP}\n',
    /\$\{CLEARML_AGENT_EXECUTE\} is missing/,
  ],
  [
    'no POST_SETUP',
    '#!/bin/bash\n${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n',
    /\$\{CLEARML_POST_SETUP\} is missing/,
  ],
  ['a block only in a comment', `#!/bin/bash\n# ${BODY}`, /\$\{CLEARML_PRE_SETUP\} is missing/],
  [
    'a block twice',
    `#!/bin/bash\n\${CLEARML_PRE_SETUP}\n${BODY}`,
    /^t\.template:3:1: \$\{CLEARML_PRE_SETUP\} stands here a second time/,
  ],
  [
    'blocks in the wrong order',
    '#!/bin/bash\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_PRE_SETUP}\n${CLEARML_POST_SETUP}\n',
    /^t\.template:2:1: \$\{CLEARML_AGENT_EXECUTE\} stands in front of \$\{CLEARML_PRE_SETUP\}/,
  ],
  [
    'a block behind a command',
    `#!/bin/bash\ntime ${BODY}`,
    /^t\.template:2:6: \$\{CLEARML_PRE_SETUP\} must end its line and its command/,
  ],
  [
    'a block behind a continued line',
    `#!/bin/bash\necho \\\n${BODY}`,
    /^t\.template:3:1: \$\{CLEARML_PRE_SETUP\} must end its line/,
  ],
  [
    'a block before a command',
    '#!/bin/bash\n${CLEARML_PRE_SETUP}; :\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n',
    /^t\.template:2:1: \$\{CLEARML_PRE_SETUP\} must end/,
  ],
  [
    'the agent with something behind it',
    '#!/bin/bash\n${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE} || true\n${CLEARML_POST_SETUP}\n',
    /^t\.template:3:1: \$\{CLEARML_AGENT_EXECUTE\} must end .* nothing may follow it/,
  ],
  [
    'the agent in quotes',
    '#!/bin/bash\n${CLEARML_PRE_SETUP}\nbash -c "${CLEARML_AGENT_EXECUTE}"\n${CLEARML_POST_SETUP}\n',
    /^t\.template:3:10: \$\{CLEARML_AGENT_EXECUTE\} must be a command of its own: take it out of the double quotes/,
  ],
  [
    'the agent in a substitution',
    '#!/bin/bash\n${CLEARML_PRE_SETUP}\nx=$(\n${CLEARML_AGENT_EXECUTE}\n)\n${CLEARML_POST_SETUP}\n',
    /^t\.template:4:1: \$\{CLEARML_AGENT_EXECUTE\} must end/,
  ],
  [
    'the agent glued to a word',
    '#!/bin/bash\n${CLEARML_PRE_SETUP}\necho a${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n',
    /must end its line/,
  ],
  [
    'a block in a directive',
    withDirectives('#SBATCH ${CLEARML_PRE_SETUP}'),
    /^t\.template:2:9: \$\{CLEARML_PRE_SETUP\} can not stand in an #SBATCH line/,
  ],

  [
    'a directive after the first command',
    `#!/bin/bash\n:\n#SBATCH -n 1\n${BODY}`,
    /^t\.template:3:1: sbatch ignores #SBATCH lines after the first command: move it above/,
  ],
  [
    'a directive after PRE_SETUP',
    '#!/bin/bash\n${CLEARML_PRE_SETUP}\n#SBATCH -n 1\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n',
    /^t\.template:3:1: sbatch ignores/,
  ],
  [
    'a #SLURM line',
    withDirectives('#SLURM -n 1'),
    /^t\.template:2:1: sbatch reads #SLURM as #SBATCH, and warns: write #SBATCH/,
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
  ['-Q', /^--quiet: sbatch would not tell the id/],
  ['--quiet', /^--quiet/],
  ['--qu', /^--quiet/],
  ['-vQ', /^--quiet/],
  ['-W', /^--wait: sbatch would not come back/],
  ['-Wfoo', /^--wait/],
  ['-HW', /^--wait/],
  ['--wait', /^--wait/],
  ['--wai', /^--wait/],
  ['--uid=0', /^--uid: whom a job runs as/],
  ['--ui=0', /^--uid/],
  ['--gid=0', /^--gid/],
  ['--gid 0', /^--gid/],
  ['--test-only', /^--test-only: sbatch would submit nothing/],
  ['hetjob', /^hetjob: a heterogeneous job is several jobs/],
  ['packjob', /^packjob/],
  ['HetJob', /^HetJob/],
  ['-n 1 hetjob', /^hetjob/],
  ['-n 1 : -n 2', /^:: a heterogeneous job/],
];

const ACCEPTED: readonly (readonly [what: string, text: string])[] = [
  [
    'options that begin like refused ones',
    withDirectives('#SBATCH --account=a --wait-all-nodes=1 --wckey=w --use-min-nodes --gres=gpu:1 --gpus=1 --time=1'),
  ],
  ['short options that hold refused letters', withDirectives('#SBATCH -Aa -JWaQ -pQ -oa.log -DWork')],
  [
    'refused options in a comment',
    withDirectives('#SBATCH -n 1 # --array=1-4', '##SBATCH --array=1', '# #SBATCH -W', ' #SBATCH -Q'),
  ],
  ['refused words within others', withDirectives('#SBATCH --comment=hetjob -J my-hetjob --comment="a : b"')],
  ['a directive glued to its option', withDirectives('#SBATCH--nodes=1')],
  [
    'directives with comments and empty lines among them',
    `#!/bin/bash\n\n# a\n#SBATCH -n 1\n   \n\t# b\n#SBATCH -N 1\n${BODY}`,
  ],
  ['directives in a here-document', withBody("cat > job <<'END'\n#SBATCH --array=1\nEND")],
  ['a login shell', `#!/bin/bash -l\n${BODY}`],
  ['bash found by env', `#!/usr/bin/env bash\n${BODY}`],
  ['the POSIX shell', `#!/bin/sh\n${BODY}`],
  ['no newline at the end', `#!/bin/bash\n${BODY.trimEnd()}`],
  [
    'the agent behind a command',
    '#!/bin/bash\n${CLEARML_PRE_SETUP}\nsrun singularity exec --uts ${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n',
  ],
  [
    'the agent behind a continued command',
    '#!/bin/bash\n${CLEARML_PRE_SETUP}\nsingularity exec \\\n  --nv \\\n  ${CLEARML_AGENT_EXECUTE}  \n${CLEARML_POST_SETUP}\n',
  ],
  [
    'blocks within a condition',
    '#!/bin/bash\n${CLEARML_PRE_SETUP}\nif true; then\n  ${CLEARML_AGENT_EXECUTE}\nfi\n${CLEARML_POST_SETUP}\n',
  ],
  ['anything in comments', withBody('# ${CLEARML_TASK. ${CLEARML_PRE_SETUP} ${CLEARML_TASK.x|nofilter} it\'s "')],
  ['a comment behind a command', withBody(': # ${CLEARML_TASK.')],
];

describe('a template', () => {
  for (const [what, text, message] of REFUSED) {
    it(`is refused for ${what}`, () => {
      expect(messageOf(text)).to.match(message);
    });
  }

  for (const [line, finding] of REFUSED_OPTIONS) {
    it(`is refused for #SBATCH ${line}`, () => {
      const problem = problemOf(() => parseTemplate(withDirectives('#SBATCH -N 1', `#SBATCH ${line}`), 't.template'));
      expect(problem?.finding).to.match(finding);
      expect(problem?.line).to.equal(3);
    });
  }

  for (const [what, text] of ACCEPTED) {
    it(`is accepted with ${what}`, () => {
      expect(messageOf(text)).to.equal('accepted');
    });
  }
});
