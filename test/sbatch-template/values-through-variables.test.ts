// Values that a script evaluates through a variable: refused if that is certain, otherwise a warning.
import { expect } from 'chai';
import { lintTemplate } from '../../src/lint/lint-template.ts';
import { parseTemplate } from '../../src/sbatch-template/parse-template.ts';
import { SAFE } from './flows-of-data.ts';
import { CODE, DOUBTS, NUMBERS } from './flows-of-values.ts';
import { errorOf, property, renderBody, withBody } from './template-fixtures.ts';

const X = property('x');

const HOSTILE = ['a[$(touch pwned)]', '$(touch pwned)', '`x`', 'a b', 'x;y', "'"];

function findings(body: string): string[] {
  return lintTemplate('t', withBody(body.replaceAll('X', X))).findings.map(({ rule }) => rule);
}

describe('the renderer of a template that evaluates an id as code', () => {
  /** Of the script of a task with this in each place where a user can write it. */
  function problemOf(variable: string, value: string): string | undefined {
    const body = `N=\${${variable}}; eval "echo $N"`;
    const task = { id: 'abc123', project: 'def456', parent: value, runtime: { id: value } };
    return errorOf(() => renderBody(body, '', { task }))?.finding;
  }

  for (const variable of ['CLEARML_TASK.parent', 'CLEARML_TASK.runtime.id'])
    it(`accepts only a plain word as ${variable}, which a user can set`, () => {
      expect(problemOf(variable, '0123456789abcdef0123456789abcdef')).to.equal(undefined);
      // tasks.clone does not check a new_task_parent with this prefix.
      expect(problemOf(variable, '__DELETED__$(id)')).to.include('only letters, digits');
    });

  it('does not warn about an id that only the server sets, such as CLEARML_TASK.id', () => {
    for (const variable of ['CLEARML_TASK.id', 'CLEARML_TASK.project.id', 'CLEARML_USER.id', 'CLEARML_QUEUE_ID'])
      expect(parseTemplate(withBody(`N=\${${variable}}; eval "$(echo $N)"`), 't').contents.warnings).to.deep.equal([]);
  });
});

describe('the template renderer (X is the value of a user property)', () => {
  for (const body of NUMBERS) {
    it(`accepts only a number as X if the template evaluates X as arithmetic: ${body.replaceAll('\n', ' ⏎ ')}`, () => {
      for (const value of ['0', '12']) renderBody(body.replaceAll('X', X), value);
      for (const value of [...HOSTILE, 'PATH']) {
        const problem = errorOf(() => renderBody(body.replaceAll('X', X), value));
        expect(problem?.finding, value).to.match(
          /evaluated in line \d+, through \$\w+, by .*: only a number|re-evaluated by/,
        );
      }
    });
  }

  for (const body of CODE) {
    it(`accepts only a plain word as X if the template evaluates X as code: ${body.replaceAll('\n', ' ⏎ ')}`, () => {
      renderBody(body.replaceAll('X', X), 'a.b-1/c');
      for (const value of HOSTILE) {
        const problem = errorOf(() => renderBody(body.replaceAll('X', X), value));
        expect(problem?.finding, value).to.match(
          /evaluated in line \d+, through \$\w+, by .*: only letters|re-evaluated by/,
        );
      }
      expect(findings(body)).to.include('may-be-read-again');
    });
  }
});

describe('lint (X is the value of a user property)', () => {
  for (const body of DOUBTS) {
    it(`warns that the template may evaluate X: ${body.replaceAll('\n', ' ⏎ ')}`, () => {
      renderBody(body.replaceAll('X', X), 'a b');

      expect(findings(body)).to.include('may-be-evaluated');
    });
  }
});

describe('parseTemplate (warnings)', () => {
  for (const [body, by] of [
    ['srun W python train.py', 'srun'],
    ['singularity exec --nv W image.sif python train.py', 'singularity'],
    ['env W python train.py', 'env'],
    ['timeout W python train.py', 'timeout'],
    ['bash W', 'bash'],
    ['a=(W); srun "${a[@]}" python train.py', 'srun'],
    ['run() { srun "$@" python train.py; }; run W', 'srun'],
  ] as const)
    for (const placeholder of ['${CLEARML_TASK.container.arguments}', property('x', '|words')])
      it(`warns that ${by} may read the words of a value as options: ${body.replace('W', placeholder)}`, () => {
        expect(parseTemplate(withBody(body.replace('W', placeholder)), 't').contents.warnings.join('\n')).to.match(
          new RegExp(`may be evaluated in line 3, through the words of a command, by ${by}, as options, because it`),
        );
      });

  it('does not warn about a value that a program gets as data', () => {
    for (const body of [
      'python train.py W',
      'srun python train.py W',
      'a=(W); srun python train.py "${a[@]}"',
      'echo W',
    ])
      expect(parseTemplate(withBody(body.replace('W', property('x', '|words'))), 't').contents.warnings).to.deep.equal(
        [],
      );
  });

  it('warns about a value that may be evaluated, with file and line', () => {
    const text = withBody(`N=$(basename ${X})\n(( N ))`);

    expect(parseTemplate(text, 'gpu.template').contents.warnings).to.deep.equal([
      'gpu.template:3: The value of CLEARML_TASK.hyperparams.properties.x.value may be evaluated in line 4, through $N, by arithmetic.',
    ]);
    const harmless = text.replace('.value}', '.value:1|int}');
    expect(parseTemplate(harmless, 'gpu.template').contents.warnings).to.deep.equal([]);
  });
});

describe('the template renderer (X is the value of a user property)', () => {
  for (const body of SAFE) {
    it(`accepts ${body.includes('X') ? 'any X if X never becomes code in the template' : 'a number or an id if the template evaluates the value'}: ${body.replaceAll('\n', ' ⏎ ')}`, () => {
      if (!body.includes('|int')) renderBody(body.replaceAll('X', X), "it's $(x) a[`y`]");

      expect(findings(body)).not.to.include.members(['may-be-evaluated']);
      expect(findings(body)).not.to.include.members(['may-be-read-again']);
    });
  }
});
