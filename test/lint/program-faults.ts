// Faults that lint finds with bash, shellcheck, the host's directories and sbatch, on a cluster whose partition is debug.
import { CLEAN, type Fault } from './faults.ts';

function directive(rule: Fault['rule'], line: number, written: string): Fault {
  return { rule, line, what: written, text: CLEAN.replace('export SITE', `${written}\nexport SITE`) };
}

/** Replaces the line of the option. */
function instead(line: number, written: string): Fault {
  const [option = ''] = /^#SBATCH --[a-z]+/.exec(written) ?? [];
  const lines = CLEAN.split('\n').map((own) => (own.startsWith(option) ? written : own));
  return { rule: 'sbatch-refuses', line, what: written, text: lines.join('\n') };
}

function body(rule: Fault['rule'], written: string): Fault {
  return { rule, line: 10, what: written, text: CLEAN.replace('echo "task', `${written}\necho "task`) };
}

function output(path: string): Fault {
  return {
    rule: 'output-folder',
    line: 3,
    what: `#SBATCH --output=${path}`,
    text: CLEAN.replace('clearml-%j.log', path),
  };
}

export const PROGRAM_FAULTS: readonly Fault[] = [
  body('bash-syntax', 'if true; echo x; fi'),
  body('shellcheck', 'cd /scratch/lab'),
  output('/nowhere/%j.log'),
  output('logs/%j/out.log'),
  instead(4, '#SBATCH --partition=nowhere'),
  // Some Slurm releases name no option in the error, so the finding is for the whole request.
  instead(2, '#SBATCH --nodes=4000'),
  directive('sbatch-refuses', 7, '#SBATCH --gres=gpu:h100:1'),
  directive('sbatch-refuses', 7, '#SBATCH --container-mage=x'),
  instead(6, '#SBATCH --time=soon'),
  directive('sbatch-refuses', 2, '#SBATCH --mem=900T'),
];
