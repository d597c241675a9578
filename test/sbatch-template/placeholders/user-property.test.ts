// User properties: found by each of their names, in the task's properties or in its section Slurm.
import { expect } from 'chai';
import { parseTemplate } from '../../../src/sbatch-template/parse-template.ts';
import { userPropertyOf } from '../../../src/sbatch-template/placeholders/user-property.ts';
import { emptyVariables, noBlocks, errorOf, withBody } from '../template-fixtures.ts';

function render(placeholder: string, hyperparams: unknown): string {
  const variables = { ...emptyVariables, task: { id: 'abc', hyperparams } };
  return (
    parseTemplate(withBody(`echo ${placeholder}`), 't.template')
      .render(variables, noBlocks)
      .script.split('\n')[2] ?? ''
  );
}

const LONG = '${CLEARML_TASK.hyperparams.properties.walltime.value:1}';
const SHORT = '${CLEARML_TASK.hyperparams.walltime.value:1}';

describe('the template renderer', () => {
  for (const placeholder of [LONG, SHORT]) {
    for (const [what, hyperparams, value] of [
      ['with the value in the section "properties"', { properties: { walltime: { value: '2' } } }, '2'],
      ['with the value in the section "Slurm"', { Slurm: { walltime: { value: '3' } } }, '3'],
      [
        'with the value in "properties" rather than the value in "Slurm"',
        { properties: { walltime: { value: '2' } }, Slurm: { walltime: { value: '3' } } },
        '2',
      ],
      ['with the default if no section contains the user property', { Args: { walltime: { value: '4' } } }, '1'],
    ] as const) {
      it(`renders ${placeholder} ${what}`, () => {
        expect(render(placeholder, hyperparams)).to.equal(`echo ${value}`);
      });
    }
  }

  it('suggests "walltime" if a placeholder contains "waltime"', () => {
    const placeholder = '${CLEARML_TASK.hyperparams.properties.waltime.value}';

    const problem = errorOf(() => render(placeholder, { properties: { walltime: { value: '2' } }, Slurm: {} }));

    expect(problem?.message).to.include('did you mean "walltime" instead of "waltime"?');
  });

  for (const [variable, property] of [
    ['CLEARML_TASK.hyperparams.properties.walltime.value', 'walltime'],
    ['CLEARML_TASK.hyperparams.Properties.a.b.value', 'a.b'],
    ['CLEARML_TASK.hyperparams.walltime.value', 'walltime'],
    ['CLEARML_TASK.hyperparams.Slurm.walltime.value', 'walltime'],
    ['CLEARML_TASK.hyperparams.Args.lr.value', undefined],
    ['CLEARML_TASK.hyperparams.properties.walltime.type', undefined],
    ['CLEARML_TASK.name', undefined],
    ['CLEARML_QUEUE_NAME', undefined],
  ] as const) {
    it(`recognizes ${property === undefined ? 'no user property' : `the user property "${property}"`} in ${variable}`, () => {
      expect(userPropertyOf(variable)).to.equal(property);
    });
  }
});
