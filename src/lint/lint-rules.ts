// All rules of `lint`: those that the renderer enforces, and advice on what Slurm, bash or the agent may not run as intended.
import { type Rule, ENFORCED_RULES, error } from '../sbatch-template/enforced-rules.ts';
import { positionAt, type TemplateSource } from '../sbatch-template/template-source.ts';

function warning(why: string, write: string): Rule {
  return { severity: 'warning', why, write };
}

const ADVICE_RULES = {
  'no-default': warning(
    'A task without this value fails before its job is submitted.',
    'Add a default after a colon: ${CLEARML_TASK.hyperparams.properties.walltime.value:01:00:00}.',
  ),
  'misspelt-name': warning(
    'The name is not a placeholder, so bash expands it as a variable, perhaps to nothing.',
    'Correct the name, or set the variable in the template.',
  ),
  'may-be-read-again': warning(
    'A shell evaluates this text again; the task fails if the value is not a plain word.',
    'Assign the value to an environment variable first: export NAME=${…}, then \'"$NAME"\' here.',
  ),
  'may-be-evaluated': warning(
    'Arithmetic, eval and nested shells run any command that a value contains, and this value may reach one of them.',
    'Write |int after the name of a number; pass text as an argument: bash -c \'… "$1"\' _ "$NAME".',
  ),
  'hash-in-directive': error(
    'sbatch reads an unquoted # as the start of a comment, even inside a word.',
    'Put the value in double quotes.',
  ),
  'directive-look-alike': warning(
    'sbatch reads a line as a directive only if the line begins with exactly #SBATCH.',
    'Write #SBATCH at the beginning of the line, or remove the line.',
  ),
  'other-scheduler': warning(
    'sbatch ignores this line, because the daemon runs it with --ignore-pbs.',
    'Write #SBATCH lines instead.',
  ),
  'shell-in-directive': warning(
    'No shell reads a directive: variables, commands and ~ are not expanded.',
    'Write the value literally, or use a placeholder; in paths Slurm expands %j, %x and %u.',
  ),
  'option-twice': warning('If an option occurs several times, sbatch uses the last.', 'Write the option only once.'),
  priority: warning(
    'Only Slurm operators and administrators may set this option; for other users, it is rejected or ignored.',
    'Remove the option, or use --nice to lower the priority.',
  ),
  'job-name': {
    severity: 'note',
    why: 'The daemon sets the name of each job, by which it finds the job again.',
    write: 'Remove the option; you can use --comment instead.',
  },
  'output-folder': warning(
    'Slurm creates no directories: the job fails at once without a log.',
    'Create the directory on a file system that the nodes share, or use an existing one.',
  ),
  export: warning(
    'Without ALL, the job gets no PATH in which to find Python and the agent.',
    'Write --export=ALL, or ALL at the beginning of the list; or start with #!/bin/bash -l.',
  ),
  'module-without-profile': warning(
    'The login profile defines the command "module", but a job does not read the profile: the line fails and loads nothing.',
    'Start with #!/bin/bash -l, or first source the file that defines the command "module".',
  ),
  'gpus-without-nv': warning(
    'Singularity and Apptainer hide GPUs from the container by default.',
    'Write singularity exec --nv (--rocm for AMD).',
  ),
  'pyxis-image': warning(
    'Enroot pulls the images for Pyxis, and its releases before 4.0 look for this image on Docker Hub.',
    'Write "docker://nvcr.io#nvidia/pytorch:24.01-py3", in double quotes.',
  ),
  'srun-on-one-node': warning(
    'The agent needs no srun on one node, and a task that runs srun itself would wait for the resources of this step.',
    'Remove srun, or request several nodes.',
  ),
  'secret-in-text': warning(
    'Every user who may read the template or the job (scontrol, accounting) can read the secret.',
    'Keep the secret in clearml.conf or in a file of mode 0600, and read it from there.',
  ),
  'after-post-setup': warning(
    '${CLEARML_POST_SETUP} ends the script with the exit code of the task.',
    'Move the command before ${CLEARML_POST_SETUP}.',
  ),
  'bash-syntax': error('bash cannot parse the script.', 'Correct the error that bash reports.'),
  shellcheck: warning(
    'shellcheck finds common mistakes in shell scripts.',
    'Correct the script, or write # shellcheck disable=SC… in the line before; the shellcheck wiki explains the number.',
  ),
  'sbatch-refuses': error(
    "With the template's defaults, Slurm rejects the job.",
    'Change the option that the message names.',
  ),
} as const satisfies Record<string, Rule>;

export const RULES = { ...ENFORCED_RULES, ...ADVICE_RULES };

export type RuleId = keyof typeof RULES;

/** A definite or possible problem at one position of a template. */
export interface Finding {
  /** Lines and columns count from 1. */
  readonly line: number;
  readonly column: number;
  readonly rule: RuleId;
  /** Describes the problem. Contains no secret. */
  readonly sentence: string;
}

export function severityOf({ rule }: Finding): Rule['severity'] {
  return RULES[rule].severity;
}

/** @param offset in the text of the template */
export function findingAt({ text }: TemplateSource, offset: number, rule: RuleId, sentence: string): Finding {
  return { ...positionAt(text, offset), rule, sentence };
}
