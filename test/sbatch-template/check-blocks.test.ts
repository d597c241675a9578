// The three blocks of a template: each occurs once, in order, and where several lines of script are possible.
import { BODY, itParses, withDirectives } from './template-fixtures.ts';

const REFUSED: readonly (readonly [what: string, text: string, message: RegExp])[] = [
  [
    'a template without ${CLEARML_PRE_SETUP}',
    '#!/bin/bash\n#SBATCH -n 1\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n',
    /^t\.template:3:1: \$\{CLEARML_PRE_SETUP\} is missing: write it on a separate line/,
  ],
  [
    'a template without ${CLEARML_AGENT_EXECUTE}',
    '#!/bin/bash\n${CLEARML_PRE_SETUP}\n${CLEARML_POST_SETUP}\n',
    /\$\{CLEARML_AGENT_EXECUTE\} is missing/,
  ],
  [
    'a template without ${CLEARML_POST_SETUP}',
    '#!/bin/bash\n${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n',
    /\$\{CLEARML_POST_SETUP\} is missing/,
  ],
  ['a block that occurs only in a comment', `#!/bin/bash\n# ${BODY}`, /\$\{CLEARML_PRE_SETUP\} is missing/],
  [
    'a block that occurs twice',
    `#!/bin/bash\n\${CLEARML_PRE_SETUP}\n${BODY}`,
    /^t\.template:3:1: \$\{CLEARML_PRE_SETUP\} occurs a second time/,
  ],
  [
    'blocks in the wrong order',
    '#!/bin/bash\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_PRE_SETUP}\n${CLEARML_POST_SETUP}\n',
    /^t\.template:2:1: \$\{CLEARML_AGENT_EXECUTE\} is before \$\{CLEARML_PRE_SETUP\}/,
  ],
  [
    'a block after a command in the same line',
    `#!/bin/bash\ntime ${BODY}`,
    /^t\.template:2:6: \$\{CLEARML_PRE_SETUP\} must be the last word of its line and its command/,
  ],
  [
    'a block after a continued line',
    `#!/bin/bash\necho \\\n${BODY}`,
    /^t\.template:3:1: \$\{CLEARML_PRE_SETUP\} must be the last word of its line/,
  ],
  [
    'a block before a command in the same line',
    '#!/bin/bash\n${CLEARML_PRE_SETUP}; :\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n',
    /^t\.template:2:1: \$\{CLEARML_PRE_SETUP\} must be the last/,
  ],
  [
    'text after ${CLEARML_AGENT_EXECUTE}',
    '#!/bin/bash\n${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE} || true\n${CLEARML_POST_SETUP}\n',
    /^t\.template:3:1: \$\{CLEARML_AGENT_EXECUTE\} must be the last .* nothing may follow it/,
  ],
  [
    '${CLEARML_AGENT_EXECUTE} in quotes',
    '#!/bin/bash\n${CLEARML_PRE_SETUP}\nbash -c "${CLEARML_AGENT_EXECUTE}"\n${CLEARML_POST_SETUP}\n',
    /^t\.template:3:10: \$\{CLEARML_AGENT_EXECUTE\} must be a separate command: move it out of the double quotes/,
  ],
  [
    '${CLEARML_AGENT_EXECUTE} in a command substitution',
    '#!/bin/bash\n${CLEARML_PRE_SETUP}\nx=$(\n${CLEARML_AGENT_EXECUTE}\n)\n${CLEARML_POST_SETUP}\n',
    /^t\.template:4:1: \$\{CLEARML_AGENT_EXECUTE\} must be the last/,
  ],
  [
    '${CLEARML_AGENT_EXECUTE} as part of a word',
    '#!/bin/bash\n${CLEARML_PRE_SETUP}\necho a${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n',
    /must be the last word of its line/,
  ],
  [
    'a block in a directive',
    withDirectives('#SBATCH ${CLEARML_PRE_SETUP}'),
    /^t\.template:2:9: \$\{CLEARML_PRE_SETUP\} is not allowed in an #SBATCH line/,
  ],
];

const ACCEPTED: readonly (readonly [what: string, text: string])[] = [
  [
    '${CLEARML_AGENT_EXECUTE} after a command',
    '#!/bin/bash\n${CLEARML_PRE_SETUP}\nsrun singularity exec --uts ${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n',
  ],
  [
    '${CLEARML_AGENT_EXECUTE} after a continued command',
    '#!/bin/bash\n${CLEARML_PRE_SETUP}\nsingularity exec \\\n  --nv \\\n  ${CLEARML_AGENT_EXECUTE}  \n${CLEARML_POST_SETUP}\n',
  ],
  [
    'blocks within a condition',
    '#!/bin/bash\n${CLEARML_PRE_SETUP}\nif true; then\n  ${CLEARML_AGENT_EXECUTE}\nfi\n${CLEARML_POST_SETUP}\n',
  ],
];

describe('parseTemplate (the blocks of a template)', () => {
  itParses(REFUSED, ACCEPTED);
});
