// The rules for what the renderer lets pass: templates that Slurm, bash or the agent would take otherwise than was meant.
import type { Rule } from '../template/refusal-rules.ts';

function error(why: string, write: string): Rule {
  return { severity: 'error', why, write };
}

function warning(why: string, write: string): Rule {
  return { severity: 'warning', why, write };
}

export const ADVICE_RULES = {
  'no-default': warning(
    'A task without this value fails before anything is submitted.',
    'Write a default behind a colon: ${CLEARML_TASK.hyperparams.properties.walltime.value:01:00:00}.',
  ),
  'misspelt-name': warning(
    'The name is not one of ours, so bash expands it, to nothing where it is not set.',
    'Correct the name, or set the variable in the template.',
  ),
  'may-be-read-again': warning(
    'A shell reads this text as code a second time; a value that is not a plain word makes the task fail.',
    'Put the value into an environment variable before: export NAME=${…}, then \'"$NAME"\' here.',
  ),
  'may-be-evaluated': warning(
    'Arithmetic, eval and other shells run commands that stand in a value, and nobody can tell what becomes of it on the way there.',
    'Write |int behind the name of a number; hand text over as a word: bash -c \'… "$1"\' _ "$NAME".',
  ),
  'hash-in-directive': error(
    'sbatch takes an unquoted # for the beginning of a comment, even within a word.',
    'Put the value into double quotes.',
  ),
  'directive-look-alike': warning(
    'sbatch reads only lines that begin with #SBATCH, with nothing in front and nothing between.',
    'Write #SBATCH at the beginning of the line, or take the line out.',
  ),
  'other-scheduler': warning(
    "sbatch is told to pass over other schedulers' lines.",
    'Write the same as #SBATCH lines.',
  ),
  'shell-in-directive': warning(
    'No shell reads a directive: variables, commands and ~ are taken as they stand.',
    'Write the value out, or take a placeholder; for paths Slurm knows %j, %x and %u.',
  ),
  'option-twice': warning('sbatch takes the last of several.', 'Take one of the two out.'),
  priority: warning(
    'Only operators and administrators of the cluster may set it; for others it is refused or ignored.',
    'Take it out, or use --nice to lower the priority.',
  ),
  'job-name': {
    severity: 'note',
    why: 'Each job gets a name by which the glue finds it again.',
    write: 'Take it out, or leave it and do not rely on it; --comment is yours.',
  },
  'output-folder': warning(
    'Slurm makes no folders: the job fails in no time and leaves no log.',
    'Make the folder on a file system that the nodes see, or write to one that is there.',
  ),
  export: warning(
    'Without the environment a job has no PATH to Python and the agent, and none of the variables set before.',
    'Write --export=ALL, or ALL in front of the list; or begin with #!/bin/bash -l.',
  ),
  'module-without-profile': warning(
    'The shell of a job reads no login profile, which is what makes the command module; the line fails, and what follows lacks it.',
    'Begin with #!/bin/bash -l, or source the file that defines module before.',
  ),
  'gpus-without-nv': warning(
    'Singularity and Apptainer show no GPU to what runs in the container unless they are told to.',
    'Write singularity exec --nv (--rocm for AMD).',
  ),
  'pyxis-image': warning(
    'enroot, which pulls for Pyxis, takes a registry that is set off by a slash for a part of a name on Docker Hub before release 4.0.',
    'Write "docker://nvcr.io#nvidia/pytorch:24.01-py3", in double quotes.',
  ),
  'srun-on-one-node': warning(
    'The agent needs no srun on one node, and a task that starts srun itself would wait for what this step holds.',
    'Take srun out, or ask for several nodes.',
  ),
  'secret-in-text': warning(
    'Everyone who may read the template or the job (scontrol, accounting) can read it.',
    'Keep it in clearml.conf or in a file of mode 0600, and read it from there.',
  ),
  'after-post-setup': warning(
    '${CLEARML_POST_SETUP} ends the script with the exit code of the task.',
    'Move it in front of ${CLEARML_POST_SETUP}.',
  ),
  'bash-syntax': error('bash could not read the script.', 'Correct it as bash says.'),
  shellcheck: warning(
    'shellcheck knows the habits of shells that surprise.',
    'Correct it, or say # shellcheck disable=SC… in the line before; the number leads to its wiki.',
  ),
  'sbatch-refuses': error(
    'Slurm would refuse the job of a task that sets nothing.',
    'Correct the option that it names, for this cluster.',
  ),
} as const satisfies Record<string, Rule>;
