// Where lint shows the error of a program that checks a template.
import { expect } from 'chai';
import { rejectionFinding } from '../../src/lint/parse-program-messages.ts';
import { parseLeniently } from '../../src/sbatch-template/parse-template.ts';
import { withDirectives } from '../sbatch-template/template-fixtures.ts';

describe('lint', () => {
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
    it(`reports the line "${text.split('\n')[line - 1] ?? ''}" as the cause of the sbatch error: ${message}`, () => {
      expect(rejectionFinding(message, parseLeniently('t', text)).line).to.equal(line);
    });
});
