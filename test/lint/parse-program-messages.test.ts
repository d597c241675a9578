// Where lint shows the error of a program that checks a template.
import { expect } from 'chai';
import { rejectionFinding } from '../../src/lint/parse-program-messages.ts';
import { parseLeniently } from '../../src/sbatch-template/parse-template.ts';
import { withDirectives } from '../sbatch-template/template-fixtures.ts';

describe('the line that lint names for an error of sbatch', () => {
  const text = withDirectives(
    '#SBATCH --job-name=clearml_task_${CLEARML_TASK.id}',
    '#SBATCH --output=%j.log',
    '#SBATCH --nodes=1',
    '#SBATCH --time=5',
  );

  for (const [message, line] of [
    ['Requested node configuration is not available', 4],
    ['Requested time limit is invalid (missing or exceeds some limit)', 5],
    ["invalid number of nodes (--nodes '0')", 4],
  ] as const)
    it(`is that of the option that may be its cause, not of the name of the job: ${message}`, () => {
      expect(rejectionFinding(message, parseLeniently('t', text)).line).to.equal(line);
    });
});
