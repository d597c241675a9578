// A clean template, and the problems that lint must find in it: each with its rule and line.
import type { RuleId } from '../../src/lint/lint-rules.ts';

export const CLEAN = `#!/bin/bash
#SBATCH --job-name=clearml_task_\${CLEARML_TASK.id}
#SBATCH --output=clearml-%j.log
#SBATCH --partition=\${CLEARML_TASK.hyperparams.properties.partition.value:debug}
#SBATCH --nodes=\${CLEARML_TASK.hyperparams.properties.num_nodes.value:1}
#SBATCH --time=\${CLEARML_TASK.hyperparams.properties.walltime.value:00:10:00} # "quoted", it's fine
export SITE=north

\${CLEARML_PRE_SETUP}
echo "task \${CLEARML_TASK.name}"
\${CLEARML_AGENT_EXECUTE}
\${CLEARML_POST_SETUP}
`;

export interface TemplateProblem {
  readonly rule: RuleId;
  readonly line: number;
  readonly what: string;
  readonly text: string;
}

function problem(rule: RuleId, line: number, what: string, text: string): TemplateProblem {
  return { rule, line, what, text };
}

/** A directive in line 7, after the others. */
function directive(rule: RuleId, written: string): TemplateProblem {
  return problem(rule, 7, written, CLEAN.replace('export SITE', `${written}\nexport SITE`));
}

/** A line of script in line 10, after PRE_SETUP. */
function body(rule: RuleId, written: string, column = 10): TemplateProblem {
  return problem(
    rule,
    column,
    written,
    CLEAN.replace('echo "task', () => `${written}\necho "task`),
  );
}

function titled(what: string, other: TemplateProblem): TemplateProblem {
  return { ...other, what };
}

/** A command in line 11 that starts the agent. */
function agent(rule: RuleId, written: string, ...directives: readonly string[]): TemplateProblem {
  const text = CLEAN.replace('#SBATCH --nodes', [...directives, '#SBATCH --nodes'].join('\n'));
  return problem(
    rule,
    11 + directives.length,
    [written, ...directives].join(' with '),
    text.replace('${CLEARML_AGENT_EXECUTE}', written),
  );
}

const VALUE = '${CLEARML_TASK.hyperparams.properties.x.value';

export const TEMPLATE_PROBLEMS: readonly TemplateProblem[] = [
  problem('byte-order-mark', 1, 'a byte order mark', `\uFEFF${CLEAN}`),
  problem('no-shebang', 1, 'a template without a shebang', CLEAN.replace('#!/bin/bash\n', '')),
  problem('no-shebang', 1, 'an empty first line', `\n${CLEAN}`),
  problem('interpreter', 1, 'a Python script', CLEAN.replace('/bin/bash', '/usr/bin/python3')),
  problem('dos-line-end', 1, 'DOS line ends', CLEAN.replaceAll('\n', '\r\n')),
  problem('nul-character', 7, 'a NUL character', CLEAN.replace('north', 'nor\0th')),
  problem('script-too-long', 1, 'a script of five megabytes', CLEAN + `# ${'x'.repeat(5 * 1024 * 1024)}\n`),

  body('unclosed-blank', 'echo ${CLEARML_TASK.id'),
  body('unknown-filter', 'echo ${CLEARML_TASK.id|uper}'),
  body('unknown-variable', 'echo ${CLEARML_TASK.naem}'),
  body('unknown-variable', 'echo ${CLEARML_TASK.naem:none}'),
  body('unknown-variable', 'echo ${CLEARML_TASK.container.imge:none}'),
  body('unknown-variable', 'echo ${CLEARML_TSK.id}'),
  body('unknown-variable', 'echo ${CLEARML_USER.nam}'),
  directive('unknown-variable', '#SBATCH --mem=${CLEARML_TASK.hyperparams.propertys.mem.value:1G}'),
  directive('unknown-variable', '#SBATCH --mem=${CLEARML_TASK.hyperparams.properties.mem.valu:1G}'),
  directive('not-one-value', '#SBATCH --mem=${CLEARML_TASK.hyperparams.properties.mem:1G}'),
  body('not-one-value', 'echo ${CLEARML_TASK.container:none}'),
  body('misspelt-name', 'echo "${CLEARML_TASK_ID}"'),
  body('misspelt-name', 'echo "${CLEARML_QUEUE_NAM}"'),
  body('misspelt-name', 'echo "$CLEARML_QUEUE_NAME"'),
  directive('no-default', `#SBATCH --mem=${VALUE}}`),
  body('no-default', 'echo ${CLEARML_TASK.container.image}'),
  body('default-not-plain', 'echo ${CLEARML_TASK.comment:${USER}}'),
  titled('a control character in a default', body('control-character', 'echo ${CLEARML_TASK.comment:a\u0007b}')),
  body('words-filter', 'echo "${CLEARML_TASK.comment:a b|words}"'),
  body('unpaired-quotes', 'echo ${CLEARML_TASK.comment:"a|words}'),
  body('escaped-blank', 'echo \\${CLEARML_TASK.id}'),

  directive('slurm-word', '#SLURM --exclusive'),
  directive('refused-option', '#SBATCH --array=1-3'),
  directive('refused-option', '#SBATCH -a 1-3'),
  directive('refused-option', '#SBATCH --wait'),
  directive('refused-option', '#SBATCH -Q'),
  directive('refused-option', '#SBATCH --uid=0'),
  directive('refused-option', '#SBATCH --gid=0'),
  directive('heterogeneous-job', '#SBATCH hetjob'),
  directive('value-chooses-option', `#SBATCH --${VALUE}:exclusive}`),
  directive('dash-value', `#SBATCH --comment ${VALUE}:-1}`),
  directive('help-value', `#SBATCH --gres=${VALUE}:help}`),
  directive('empty-value', `#SBATCH -q ${VALUE}:}`),
  directive('newline-in-directive', `#SBATCH --comment=${VALUE}:a\tb|raw}`),
  directive('unclosed-quote', '#SBATCH --comment="never closed'),
  directive('block-place', '#SBATCH --comment=${CLEARML_PRE_SETUP}'),
  directive('hash-in-directive', '#SBATCH --container-image=nvcr.io#nvidia/pytorch:24.01-py3'),
  directive('hash-in-directive', `#SBATCH --comment=${VALUE}:x}#y`),
  directive('directive-look-alike', ' #SBATCH --exclusive'),
  directive('directive-look-alike', '# SBATCH --exclusive'),
  directive('directive-look-alike', '##SBATCH --exclusive'),
  directive('directive-look-alike', '#SBTACH --exclusive'),
  directive('directive-look-alike', '#sbatch --exclusive'),
  directive('other-scheduler', '#PBS -l walltime=01:00:00'),
  directive('shell-in-directive', '#SBATCH --comment=$USER'),
  directive('shell-in-directive', '#SBATCH --error=~/logs/%j.err'),
  titled('#SBATCH -p debug after #SBATCH --partition', directive('option-twice', '#SBATCH -p debug')),
  directive('priority', '#SBATCH --priority=5'),
  directive('priority', '#SBATCH --nice=-100'),
  problem('job-name', 2, 'a template with its own job name', CLEAN.replace('clearml_task_${CLEARML_TASK.id}', 'mine')),
  directive('export', '#SBATCH --export=NONE'),
  directive('export', '#SBATCH --export=NIL'),
  directive('export', '#SBATCH --export=SITE,HOME'),
  directive('pyxis-image', '#SBATCH --container-image=docker://nvcr.io/nvidia/pytorch:24.01-py3'),
  directive('pyxis-image', '#SBATCH --container-image=${CLEARML_TASK.container.image:registry.example.org:5000/a/b}'),
  body('pyxis-image', 'srun --container-image=nvcr.io/nvidia/cuda:12.4.1 true'),

  titled('#SBATCH --exclusive after a command', body('late-directive', '#SBATCH --exclusive')),
  body('read-again', `bash -c "echo ${VALUE}:it's}"`),
  body('may-be-read-again', `ssh login1 "mkdir ${VALUE}:a}"`),
  body('may-be-read-again', `A=${VALUE}:a}; eval "echo $A"`),
  body('may-be-evaluated', `N=$(basename ${VALUE}:1}); echo $((N + 1))`),
  body('not-a-number', `echo $((1 + ${VALUE}:ten}))`),
  body('document-text', `cat <<END\n${VALUE}:END}\nEND`, 11),
  body('document-delimiter', `cat <<${VALUE}:END}\nEND`),
  body('unclosed-syntax', 'echo $(never closed'),
  body('extended-name', `bash -c 'rm -rf /scratch/$USER$<CLEARML_TASK.id>'`),
  body('extended-name', 'awk "{ print \\$1$<CLEARML_TASK.id> }" x'),
  body('misread-by-bash', `echo "$([[ a =~ ($'\\'') ]]; echo ${VALUE}:a})"`),
  body('misread-by-bash', `echo $(true; case a in a) echo ${VALUE}:a};; esac)`),
  body('misread-by-bash', `echo $( time echo ${VALUE}:a})`),
  body('module-without-profile', 'module load apptainer'),
  body('secret-in-text', 'export CLEARML_API_SECRET_KEY=aBcD1234eFgH5678iJkL'),
  body('secret-in-text', 'git clone https://ada:hunter22@git.example.org/lab/train.git'),
  body('secret-in-text', 'export X=AKIAIOSFODNN7EXAMPLE'),

  problem('block-missing', 7, 'a template without PRE_SETUP', CLEAN.replace('${CLEARML_PRE_SETUP}\n', '')),
  problem('block-missing', 7, 'a template without AGENT_EXECUTE', CLEAN.replace('${CLEARML_AGENT_EXECUTE}\n', '')),
  titled('a second ${CLEARML_AGENT_EXECUTE}', body('block-twice', '${CLEARML_AGENT_EXECUTE}', 12)),
  agent('block-place', 'if true; then ${CLEARML_AGENT_EXECUTE}; fi'),
  agent('block-place', 'echo "${CLEARML_AGENT_EXECUTE}"'),
  problem(
    'block-order',
    9,
    'the agent before PRE_SETUP',
    CLEAN.replace('${CLEARML_PRE_SETUP}', 'X')
      .replace('${CLEARML_AGENT_EXECUTE}', '${CLEARML_PRE_SETUP}')
      .replace('X', '${CLEARML_AGENT_EXECUTE}'),
  ),
  problem('after-post-setup', 13, 'a command after POST_SETUP', `${CLEAN}rm -rf /scratch/me\n`),
  agent('gpus-without-nv', 'singularity exec /x.sif ${CLEARML_AGENT_EXECUTE}', '#SBATCH --gpus=1'),
  agent(
    'gpus-without-nv',
    'srun apptainer exec --bind /data /x.sif ${CLEARML_AGENT_EXECUTE}',
    '#SBATCH --gres=gpu:a100:2',
  ),
  agent('export', 'srun --export=NONE ${CLEARML_AGENT_EXECUTE}'),
  problem(
    'srun-on-one-node',
    10,
    'srun in a job of one node',
    CLEAN.replace(/#SBATCH --nodes.*\n/, '').replace('${CLEARML_AGENT_EXECUTE}', 'srun ${CLEARML_AGENT_EXECUTE}'),
  ),
];
