// Constraints on a property that shares an option with another value, such as a type of GPU beside their number.
import { expect } from 'chai';
import type { PropertyConstraint } from '../../../src/base/property-constraints.ts';
import { limitKind } from '../../../src/base/slurm-amount.ts';
import { parseTemplate } from '../../../src/sbatch-template/parse-template.ts';
import { checkPropertyConstraints } from '../../../src/sbatch-template/placeholders/check-property-constraints.ts';
import { errorOf, noBlocks, property, withDirectives, withProperties } from '../template-fixtures.ts';

function limits(most?: string, values?: readonly string[]): PropertyConstraint {
  return { kind: limitKind(most ?? '0') ?? 'number', least: undefined, most, values };
}

/** The error for a task with these properties if the property x is limited, or "accepted". */
function errorFor(
  line: string,
  rule: false | PropertyConstraint,
  properties: Readonly<Record<string, string>>,
): string {
  const rendered = parseTemplate(withDirectives(`#SBATCH ${line}`), 't').render(withProperties(properties), noBlocks);
  const constraints = { named: new Map([['x', rule]]), others: true };
  return errorOf(() => checkPropertyConstraints('t', rendered, 'gpu', constraints))?.message ?? 'accepted';
}

describe('the check of two user properties in one option', () => {
  it('rejects the GPU type "a100:8,gpu:a100", which would exceed the limit of 2 GPUs', () => {
    const line = `--gres=gpu:${property('type')}:${property('x')}`;

    expect(errorFor(line, limits('2'), { x: '1', type: 'a100_1g.5gb' })).to.equal('accepted');
    for (const type of ['a100:8,gpu:a100', 'a100,gpu:h100:8,gpu:a100'])
      expect(errorFor(line, limits('2'), { x: '1', type })).to.include(
        `the user property "type" is "${type}", but in --gres a comma or a colon`,
      );
  });

  for (const [limited, rule] of [
    ['permits at most 2 GPUs and users can omit the number', limits('2')],
    ['permits 1 or 2 GPUs', limits(undefined, ['1', '2'])],
    ['does not let users set the number of GPUs', false],
  ] as const)
    it(`rejects the GPU type "a100:8,gpu:a100" if the queue ${limited}`, () => {
      const line = `--gres=gpu:${property('type')}:${property('x', ':1')}`;

      expect(errorFor(line, rule, { type: 'a100_1g.5gb' })).to.equal('accepted');
      expect(errorFor(line, rule, { type: 'a100:8,gpu:a100' })).to.include('in --gres a comma or a colon');
    });

  for (const [line, most, accepted, rejected, message] of [
    [`--licenses=${property('y')}:${property('x', ':1')}`, '2', 'matlab', 'matlab:9,ansys', 'in --licenses a comma or'],
    [`--nodes=${property('y')}-${property('x', ':4')}`, '4', '2', '1,50', 'in --nodes a comma or a colon'],
    [
      `--tres-per-task=cpu=${property('x', ':1')},gres/gpu:${property('y')}`,
      '2',
      'a100',
      '1,cpu=9',
      'in --tres-per-task',
    ],
    [
      `--tres-per-task cpu=${property('x', ':1')},gres/gpu:${property('y')}`,
      '2',
      'a100',
      '1,cpu=9',
      'in --tres-per-task',
    ],
    [
      `--mem=${property('x', ':4')}${property('y')}`,
      '64G',
      'G',
      'T',
      '--mem is then "4T", but the queue accepts at most 64G',
    ],
    [
      `--time=${property('x', ':0')}-${property('y')}:0:0`,
      '2-0',
      '47',
      '49',
      '--time is then "0-49:0:0", but the queue',
    ],
  ] as const)
    it(`rejects y=${JSON.stringify(rejected)} because of the limit on x: ${line.replaceAll('CLEARML_TASK.hyperparams.properties.', '').replaceAll('.value', '')}`, () => {
      expect(errorFor(line, limits(most), { y: accepted })).to.equal('accepted');
      expect(errorFor(line, limits(most), { y: rejected })).to.include(message);
    });
});
