// Errors of a template that do not depend on a task: found on parsing, with line, column and the next step.
import { BODY, itParses, withBody, withDirectives } from './template-fixtures.ts';

const REFUSED: readonly (readonly [what: string, text: string, message: RegExp])[] = [
  ['a template without #!/bin/bash', BODY, /^t\.template:1:1: sbatch rejects .* write #!\/bin\/bash$/],
  ['an empty file', '', /^t\.template:1:1: sbatch rejects a script whose first line/],
  ['a blank line before #!', `\n#!/bin/bash\n${BODY}`, /^t\.template:1:1: sbatch rejects a script whose first line/],
  [
    'a byte order mark',
    `\uFEFF#!/bin/bash\n${BODY}`,
    /^t\.template:1:1: sbatch rejects a byte order mark .* save the file as UTF-8 without/,
  ],
  ['DOS line ends', `#!/bin/bash\n:\r\n${BODY}`, /^t\.template:2:2: sbatch rejects DOS line ends: run sed/],
  ['DOS line ends in the first line', `#!/bin/bash\r\n${BODY}`, /^t\.template:1:12: sbatch rejects DOS line ends/],
  ['a NUL character', `#!/bin/bash\n: \0\n${BODY}`, /^t\.template:2:3: sbatch rejects a NUL character/],
  [
    'a script in another language',
    `#!/usr/bin/env python3\n${BODY}`,
    /^t\.template:1:1: a template must be a script for bash/,
  ],
  ['a script for another shell', `#!/bin/zsh\n${BODY}`, /^t\.template:1:1: a template must be a script for bash/],
  [
    'a script of more than 4 MB',
    `#!/bin/bash\n# ${'é'.repeat(2 ** 21)}\n${BODY}`,
    /^t\.template:1:1: the script has 4194\d+ bytes/,
  ],
  [
    'an unknown filter',
    withBody(': ${CLEARML_TASK.name|lowr}'),
    /^t\.template:3:3: unknown filter "lowr": the filters are strip, .*did you mean "lower"\?/,
  ],
  ['an unknown filter after a default', withBody(': ${CLEARML_TASK.name:x|shout}'), /unknown filter "shout"/],
  ['a filter with one argument too many', withBody(': ${CLEARML_TASK.name|lower(x)}'), /unknown filter "lower\(x\)"/],
  [
    'an unclosed placeholder',
    withBody('echo ${CLEARML_TASK.id'),
    /^t\.template:3:6: \$\{CLEARML_TASK\.id is not closed: write \}/,
  ],
  [
    'a placeholder that is closed on the next line',
    withBody('echo "${CLEARML_TASK.name:a\n}"'),
    /^t\.template:3:7: .* is not closed/,
  ],
  [
    'a placeholder inside another placeholder',
    withBody(': ${CLEARML_TASK.${CLEARML_TASK.id}}'),
    /^t\.template:3:3: .* is not closed/,
  ],
  [
    'an unclosed placeholder of the form $<…>',
    withBody('echo $<CLEARML_TASK.id}'),
    /\$<CLEARML_TASK\.id\} is not closed: write >/,
  ],
  [
    'an unclosed placeholder in a directive',
    withDirectives('#SBATCH -J ${CLEARML_TASK.id'),
    /^t\.template:2:12: .* is not closed/,
  ],
  [
    'a field of an unknown variable',
    withBody(': ${CLEARML_TSAK.id}'),
    /^t\.template:3:3: CLEARML_TSAK has no fields: .* did you mean CLEARML_TASK\?/,
  ],
  [
    'a field of CLEARML_QUEUE_NAME, which has no fields',
    withBody(': ${CLEARML_QUEUE_NAME.id}'),
    /CLEARML_QUEUE_NAME has no fields/,
  ],
  [
    'a variable that only the Slurm glue of ClearML Enterprise has',
    withBody(': ${CLEARML_USER_VAULTS.x}'),
    /CLEARML_USER_VAULTS has no fields/,
  ],
  ['an expansion in a default', withBody(': ${CLEARML_TASK.x:${HOME}/y}'), /the default of CLEARML_TASK\.x contains/],
  [
    'a backslash before a placeholder',
    withBody('echo \\${CLEARML_TASK.id}'),
    /^t\.template:3:6: a backslash before a placeholder/,
  ],
  [
    'a backslash before a placeholder in quotes',
    withBody('echo "\\${CLEARML_TASK.id}"'),
    /^t\.template:3:7: a backslash/,
  ],
  [
    'a backslash before a placeholder in a directive',
    withDirectives('#SBATCH -J \\${CLEARML_TASK.id}'),
    /^t\.template:2:12: a backslash/,
  ],
  [
    'a placeholder as the delimiter of a here-document',
    withBody('cat <<${CLEARML_TASK.id}\n${CLEARML_TASK.id}'),
    /cannot be the delimiter/,
  ],
  [
    'the filter |words in quotes',
    withBody('echo "${CLEARML_TASK.name|words}"'),
    /^t\.template:3:7: \|words splits a value into arguments/,
  ],
  [
    'the filter |words with text around the placeholder',
    withBody('echo a${CLEARML_TASK.name|words}'),
    /\|words splits a value into arguments/,
  ],
  [
    'the filter |words in an assignment',
    withBody('a=${CLEARML_TASK.name|words}'),
    /\|words splits a value into arguments/,
  ],
  [
    'the filter |words in a directive',
    withDirectives('#SBATCH --comment=${CLEARML_TASK.name|words}'),
    /\|words is not allowed in an #SBATCH line/,
  ],
  [
    'a default that is invalid in the quoting context',
    withBody('eval "echo ${CLEARML_TASK.name:a b}"'),
    /^t\.template:3:12: the value of CLEARML_TASK\.name is "a b", which is re-evaluated by/,
  ],
  ['a default that would be an option', withDirectives('#SBATCH -J ${CLEARML_TASK.x:--uid=0}'), /begins with a dash/],
  [
    'an empty default for an option that needs a value',
    withDirectives('#SBATCH -p ${CLEARML_TASK.x:}'),
    /the value is empty/,
  ],
  [
    'a default that ends the here-document',
    withBody('cat <<END\n${CLEARML_TASK.x:END}\nEND'),
    /would be "END" and end the here-document/,
  ],
  ['double quotes that are not closed', withBody('echo "a'), /^t\.template:3:6: this " is not closed/],
  ['single quotes that are not closed', withBody("echo 'a"), /^t\.template:3:6: this ' is not closed/],
  ['a substitution that is not closed', withBody('echo $(a'), /^t\.template:3:6: this \( is not closed/],
  [
    'a here-document that is not closed',
    withBody('cat <<END\na'),
    /^t\.template:3:5: this here-document is not closed: write END alone/,
  ],
  ['an unclosed quote in a directive', withDirectives('#SBATCH -J "a'), /^t\.template:2:12: this " is not closed/],
];

const ACCEPTED: readonly (readonly [what: string, text: string])[] = [
  [
    'options whose values contain "hetjob" or ":"',
    withDirectives('#SBATCH --comment=hetjob -J my-hetjob --comment="a : b"'),
  ],
  ['#!/bin/bash -l', `#!/bin/bash -l\n${BODY}`],
  ['#!/usr/bin/env bash', `#!/usr/bin/env bash\n${BODY}`],
  ['#!/bin/sh', `#!/bin/sh\n${BODY}`],
  ['a missing newline at the end', `#!/bin/bash\n${BODY.trimEnd()}`],
  ['any text in a comment', withBody('# ${CLEARML_TASK. ${CLEARML_PRE_SETUP} ${CLEARML_TASK.x|nofilter} it\'s "')],
  ['any text in a comment after a command', withBody(': # ${CLEARML_TASK.')],
];

describe('parseTemplate (the text of a template)', () => {
  itParses(REFUSED, ACCEPTED);
});
