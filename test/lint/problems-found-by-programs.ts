// Problems that lint finds with bash, shellcheck, the host's directories and sbatch, on a cluster whose partition is debug.
import { CLEAN, type TemplateProblem } from './template-problems.ts';

function directive(rule: TemplateProblem['rule'], line: number, replacement: string): TemplateProblem {
  return { rule, line, what: replacement, text: CLEAN.replace('export SITE', `${replacement}\nexport SITE`) };
}

/** Replaces the line of the option. */
function withOption(line: number, replacement: string): TemplateProblem {
  const [option = ''] = /^#SBATCH --[a-z]+/.exec(replacement) ?? [];
  const lines = CLEAN.split('\n').map((own) => (own.startsWith(option) ? replacement : own));
  return { rule: 'sbatch-refuses', line, what: replacement, text: lines.join('\n') };
}

function body(rule: TemplateProblem['rule'], replacement: string): TemplateProblem {
  return { rule, line: 10, what: replacement, text: CLEAN.replace('echo "task', `${replacement}\necho "task`) };
}

function output(path: string): TemplateProblem {
  return {
    rule: 'output-folder',
    line: 3,
    what: `#SBATCH --output=${path}`,
    text: CLEAN.replace('clearml-%j.log', path),
  };
}

export const PROBLEMS_FOUND_BY_PROGRAMS: readonly TemplateProblem[] = [
  body('bash-syntax', 'if true; echo x; fi'),
  body('shellcheck', 'cd /scratch/lab'),
  output('/nowhere/%j.log'),
  output('logs/%j/out.log'),
  withOption(4, '#SBATCH --partition=nowhere'),
  // Some Slurm releases name no option in the error: the finding is at the first option that can cause one.
  withOption(4, '#SBATCH --nodes=4000'),
  directive('sbatch-refuses', 7, '#SBATCH --gres=gpu:h100:1'),
  directive('sbatch-refuses', 7, '#SBATCH --container-mage=x'),
  withOption(6, '#SBATCH --time=soon'),
  directive('sbatch-refuses', 4, '#SBATCH --mem=900T'),
];
