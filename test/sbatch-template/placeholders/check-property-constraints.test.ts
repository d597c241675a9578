// Constraints on user properties: values within them pass, others never do, and the message names the constraint.
import { expect } from 'chai';
import fc from 'fast-check';
import { limitKind } from '../../../src/base/slurm-amount.ts';
import { AMOUNT_OPTIONS } from '../../../src/sbatch-template/directives/sbatch-options.ts';
import { listProperties } from '../../../src/sbatch-template/inspect-template.ts';
import { parseLeniently, parseTemplate } from '../../../src/sbatch-template/parse-template.ts';
import type { PropertyConstraints, PropertyConstraint } from '../../../src/base/property-constraints.ts';
import {
  checkPropertyConstraints,
  invalidLimits,
} from '../../../src/sbatch-template/placeholders/check-property-constraints.ts';
import { hostileLine } from '../hostile-values.ts';
import { emptyVariables, noBlocks, errorOf, property, withDirectives, withProperties } from '../template-fixtures.ts';

function limits(least?: string, most?: string, values?: readonly string[]): PropertyConstraint {
  return { kind: limitKind(most ?? least ?? '0') ?? 'number', least, most, values };
}

/** For a title: which values the queue allows. */
function allowed(rule: boolean | PropertyConstraint): string {
  if (typeof rule === 'boolean') return rule ? 'allows every value' : 'allows no value';
  const { least, most, values } = rule;
  const range =
    most === undefined
      ? `at least ${least ?? ''}`
      : least === undefined
        ? `values above 0 up to ${most}`
        : `${least} to ${most}`;
  if (values === undefined) return `allows ${range}`;
  return `allows only ${values.join(' or ')}${most === undefined ? '' : `, limited to ${range}`}`;
}

/** For a title: what happens to a value. */
function outcome(value: string, rule: boolean | PropertyConstraint, answer: string): string {
  return `${answer === 'accepted' ? 'accepts' : 'rejects'} ${value} if the queue ${allowed(rule)}`;
}

/** The error for a task with this value, or "accepted". */
function errorFor(rule: boolean | PropertyConstraint, value: string, others = true): string {
  const bounds: PropertyConstraints = { named: new Map([['x', rule]]), others };
  const template = parseTemplate(withDirectives(`#SBATCH --comment=${property('x', ':')}`), 'gpu.template');
  const rendered = template.render(withProperties({ x: value }), noBlocks);
  return errorOf(() => checkPropertyConstraints('gpu.template', rendered, 'gpu', bounds))?.message ?? 'accepted';
}

describe('the check of a user property', () => {
  for (const [rule, value, answer] of [
    [limits('1', '8'), '8', 'accepted'],
    [limits('1', '8'), '12', 'is "12", and the queue "gpu" accepts 1 to 8: change the property in the task'],
    [limits('1', '8'), '0', 'is "0", and the queue "gpu" accepts 1 to 8: change the property in the task'],
    [limits(undefined, '8'), '1-8', 'is "1-8", which is not a number, and the queue "gpu" accepts at most 8'],
    [limits(undefined, '8'), '1e0', 'is "1e0", which is not a number, and the queue "gpu" accepts at most 8'],
    [limits('2'), '1', 'is "1", and the queue "gpu" accepts at least 2'],
    [limits(undefined, '2-00:00:00'), '48:00:00', 'accepted'],
    [limits(undefined, '2-00:00:00'), '2-00:00:01', 'is "2-00:00:01", and the queue "gpu" accepts at most 2-00:00:00'],
    [limits(undefined, '2-00:00:00'), '2881', 'is "2881", and'],
    [limits(undefined, '2-00:00:00'), 'UNLIMITED', 'is "UNLIMITED", which means no limit, and'],
    [limits(undefined, '2-00:00:00'), '0', 'is "0", which means no limit, and the queue "gpu" accepts at most'],
    [limits(undefined, '2-00:00:00'), 'soon', 'which is not a Slurm time, and'],
    [limits(undefined, '64G'), '65536', 'accepted'],
    [limits(undefined, '64G'), '65537', 'is "65537", and the queue "gpu" accepts at most 64G'],
    [limits(undefined, '64G'), '0', 'is "0", which means no limit, and the queue "gpu" accepts at most 64G'],
    [limits(undefined, '8'), '0', 'is "0", and the queue "gpu" accepts at most 8'],
    [limits(undefined, '8'), '-5', 'is "-5", and the queue "gpu" accepts at most 8'],
    [limits('-5', '8'), '-5', 'accepted'],
    [limits('0', '8'), '0', 'accepted'],
    [limits(undefined, '8', ['0', '4']), '0', 'is "0", and'],
    [limits(undefined, '64G'), '1T', 'is "1T", and'],
    [limits(undefined, undefined, ['debug', 'gpu']), 'gpu', 'accepted'],
    [
      limits(undefined, undefined, ['debug', 'gpu']),
      'gpu,cpu',
      'accepts one of debug, gpu: change the property in the task',
    ],
    [limits(undefined, undefined, ['debug']), 'gpu', 'accepts only debug: change the property in the task'],
    [true, 'anything', 'accepted'],
    [false, 'a', 'the user property "x" must not be set for tasks of the queue "gpu": remove it from the task'],
  ] as const) {
    it(outcome(`"${value}"`, rule, answer), () => {
      expect(errorFor(rule, value)).to.include(answer);
    });
  }

  it('reports file, line and column of a rejected value', () => {
    expect(errorFor(limits('1', '8'), '12')).to.match(/^gpu\.template:2:19: the user property "x" is "12"/);
  });

  it('rejects an unlisted property if the queue allows only listed properties', () => {
    const bounds: PropertyConstraints = { named: new Map(), others: false };
    const template = parseTemplate(withDirectives(`#SBATCH --comment=${property('x', ':a')}`), 'gpu.template');

    const set = template.render(withProperties({ x: 'b', unread: 'c' }), noBlocks);
    const unset = template.render(withProperties({ unread: 'c' }), noBlocks);

    expect(errorOf(() => checkPropertyConstraints('t', set, 'gpu', bounds))?.finding).to.include('must not be set');
    expect(errorOf(() => checkPropertyConstraints('t', unset, 'gpu', bounds))).to.equal(undefined);
  });

  for (const [how, placeholder, hyperparams] of [
    ['as hyperparams.x.value', '${CLEARML_TASK.hyperparams.x.value:1}', { properties: { x: { value: '9' } } }],
    ['from the section Slurm', property('x', ':1'), { Slurm: { x: { value: '9' } } }],
    ['as hyperparams.Slurm.x.value', '${CLEARML_TASK.hyperparams.Slurm.x.value:1}', { Slurm: { x: { value: '9' } } }],
    ['with a filter', property('x', '|strip:1'), { properties: { x: { value: ' 9 ' } } }],
    ['from a JSON number in the task', property('x', ':1'), { properties: { x: { value: 9 } } }],
  ] as const) {
    it(`checks a property that the template reads ${how}`, () => {
      const bounds: PropertyConstraints = { named: new Map([['x', limits('1', '8')]]), others: true };
      const template = parseTemplate(withDirectives(`#SBATCH --nodes=${placeholder}`), 't');
      const rendered = template.render({ ...emptyVariables, task: { id: 'a', hyperparams } }, noBlocks);

      expect(errorOf(() => checkPropertyConstraints('t', rendered, 'gpu', bounds))?.finding).to.include(
        'accepts 1 to 8',
      );
    });
  }

  it('accepts any default value in the template', () => {
    const bounds: PropertyConstraints = { named: new Map([['x', limits('1', '8')]]), others: false };
    const template = parseTemplate(withDirectives(`#SBATCH --nodes=${property('x', ':100')}`), 't');

    const rendered = template.render(emptyVariables, noBlocks);

    expect(errorOf(() => checkPropertyConstraints('t', rendered, 'gpu', bounds))).to.equal(undefined);
  });

  /** The error for a task whose property x is used in these lines. */
  function errorInTemplate(
    lines: string,
    rule: PropertyConstraint,
    value: string,
    others: Readonly<Record<string, string>> = {},
  ): string {
    const [directives, body] = lines.split('\n---\n');
    const template = parseTemplate(
      withDirectives(directives ?? '').replace('_SETUP}\n', `_SETUP}\n${body ?? ''}\n`),
      't',
    );
    const rendered = template.render(withProperties({ x: value, ...others }), noBlocks);
    return (
      errorOf(() => checkPropertyConstraints('t', rendered, 'gpu', { named: new Map([['x', rule]]), others: true }))
        ?.finding ?? 'accepted'
    );
  }

  const x = property('x', ':1');

  for (const [lines, rule, value, answer] of [
    // The option decides the kind, not the notation of the limit.
    [`#SBATCH --time=${x}`, limits(undefined, '120'), '120', 'accepted'],
    [`#SBATCH --time=${x}`, limits(undefined, '120'), '2:00:00', 'accepted'],
    [
      `#SBATCH --time=${x}`,
      limits(undefined, '120'),
      '121',
      'accepts at most 120 minutes: change the property in the task',
    ],
    [`#SBATCH --time=${x}`, limits(undefined, '120'), '2:00:01', 'accepts at most 120 minutes'],
    [`#SBATCH --time=${x}`, limits(undefined, '120'), '0', 'which means no limit'],
    [`#SBATCH --time=${x}`, limits(undefined, '120'), '-5', 'which is not a Slurm time'],
    [`#SBATCH --time=${x}`, limits(undefined, '120'), '-1', 'which is not a Slurm time'],
    [`#SBATCH --time=${x}`, limits(undefined, '120'), 'INFINITE', 'which means no limit'],
    [`#SBATCH --time=${x}`, limits('0', '120'), '0', 'which means no limit'],
    [`#SBATCH --time=${x}`, limits(undefined, '99999999'), '71582787', 'which is not a Slurm time'],
    [`#SBATCH -t ${x}`, limits(undefined, '120'), '0', 'which means no limit'],
    [`#SBATCH -t${x}`, limits(undefined, '120'), '0:00', 'which means no limit'],
    [`#SBATCH -Ht${x}`, limits(undefined, '120'), '1:00:00', 'accepted'],
    [`#SBATCH --tim=${x}`, limits(undefined, '120'), '0', 'which means no limit'],
    [`#SBATCH --time ${x}`, limits(undefined, '120'), '1-0', 'accepts at most 120 minutes'],
    [`#SBATCH --mem=${x}`, limits(undefined, '64000'), '62G', 'accepted'],
    [`#SBATCH --mem=${x}`, limits(undefined, '64000'), '63G', 'accepts at most 64000 MB'],
    [`#SBATCH --mem=${x}`, limits(undefined, '64000'), '0', 'which means no limit'],
    [`#SBATCH --mem-per-cpu=${x}`, limits(undefined, '64000'), '0G', 'which means no limit'],
    [`#SBATCH --mem=${x}`, limits(undefined, '64000'), '-5', 'which is not a Slurm memory size'],
    [`#SBATCH -N ${x}`, limits(undefined, '8'), '2-8', 'accepted'],
    [`#SBATCH -N ${x}`, limits(undefined, '8'), '2-9', 'accepts at most 8'],
    [`#SBATCH -N ${x}`, limits('2', '8'), '1-4', 'accepts 2 to 8'],
    [`#SBATCH -N ${x}`, limits(undefined, '8'), '0-8', 'accepts at most 8'],
    [`#SBATCH -N ${x}`, limits(undefined, '8'), '1k', 'which is not a number or range of nodes'],
    [`#SBATCH --gres=${x}`, limits(undefined, '4'), 'gpu:a100:4', 'accepted'],
    [`#SBATCH --gres=${x}`, limits(undefined, '4'), 'gpu:a100:4,gpu:h100:1', 'accepts at most 4'],
    [`#SBATCH --gpus=${x}`, limits(undefined, '4'), 'a100:4', 'accepted'],
    [`#SBATCH --gpus=${x}`, limits(undefined, '4'), '1k', 'which is not a number of GPUs'],
    // With text around the value.
    [`#SBATCH --gres=gpu:${x}`, limits(undefined, '4'), '4', 'accepted'],
    [`#SBATCH --gres=gpu:${x}`, limits(undefined, '4'), 'a100:4', 'accepted'],
    [`#SBATCH --gres=gpu:${x}`, limits(undefined, '4'), 'a100:5', 'accepts at most 4'],
    [`#SBATCH --gres=gpu:${x}`, limits(undefined, '4'), '1,gpu:8', 'accepts at most 4'],
    [`#SBATCH --gres=gpu:${x}`, limits(undefined, '4'), '1k', 'accepts at most 4'],
    [`#SBATCH --gres=gpu:a100:${x}`, limits(undefined, '4'), 'b:4', 'accepts at most 4'],
    [`#SBATCH --time=${x}:00:00`, limits(undefined, '48'), '48', 'accepted'],
    [`#SBATCH --time=${x}:00:00`, limits(undefined, '48'), '49', 'accepts at most 48:'],
    [`#SBATCH --time=${x}:00:00`, limits(undefined, '48'), '9-1', 'which is not a number'],
    [`#SBATCH --time=${x}:00:00`, limits('0', '48'), '0', 'accepts 0 to 48'],
    [`#SBATCH --time=${x}:00:00`, limits(undefined, '2-00:00:00'), '48', 'accepted'],
    [`#SBATCH --time=${x}:00:00`, limits(undefined, '2-00:00:00'), '49', 'accepts at most 2-00:00:00'],
    [`#SBATCH --mem=${x}G`, limits(undefined, '64'), '64', 'accepted'],
    [`#SBATCH --mem=${x}G`, limits(undefined, '64'), '0', 'accepts at most 64:'],
    [`#SBATCH --mem=${x}G`, limits(undefined, '64G'), '64', 'accepted'],
    [`#SBATCH --mem=${x}G`, limits(undefined, '64G'), '65', 'accepts at most 64G'],
    [`#SBATCH --nodes=1-${x}`, limits(undefined, '8'), '8', 'accepted'],
    [`#SBATCH --nodes=1-${x}`, limits(undefined, '8'), '9', 'accepts at most 8'],
    [`#SBATCH --licenses=matlab:${x}`, limits(undefined, '8'), '9', 'accepts at most 8'],
    // In two options, or in the script.
    [`#SBATCH --nodes=${x}\n#SBATCH --ntasks=${x}`, limits(undefined, '8'), '1-8', 'which is not a whole number'],
    [`#SBATCH --time=${x}\n---\necho ${x}`, limits(undefined, '120'), '2:00:00', 'accepted'],
    [`#SBATCH --time=${x}\n---\necho ${x}`, limits(undefined, '120'), '0', 'which means no limit'],
    [`\n---\nsrun --mem=${x} hostname`, limits(undefined, '64000'), '0', 'accepts at most 64000'],
    [`\n---\nsrun --mem=${x} hostname`, limits(undefined, '64000'), '32G', 'which is not a number'],
    [`\n---\nsrun --mem=${x} hostname`, limits(undefined, '64G'), '0', 'which means no limit'],
    [`\n---\nsrun -t $(( ${x} * 2 )) hostname`, limits(undefined, '60'), '-5', 'accepts at most 60'],
  ] as const) {
    const shown = lines
      .trim()
      .replace(/^(?:---)?\n*/, '')
      .replaceAll(x, '${x}')
      .replaceAll(/\n(?:---\n)?/g, ' ⏎ ');

    it(outcome(`x="${value}" in \`${shown}\``, rule, answer), () => {
      expect(errorInTemplate(lines, rule, value)).to.include(answer);
    });
  }

  it('applies the limit to the combined value of two user properties in one option', () => {
    const lines = `#SBATCH --time=${x}:${property('minutes', ':00')}:00`;

    expect(errorInTemplate(lines, limits('0', '4'), '0', { minutes: '30' })).to.equal('accepted');
    expect(errorInTemplate(lines, limits('0', '4'), '0', { minutes: '0' })).to.include('accepts 0 to 4');
  });

  it('rejects zero, negative values and random text in every option with an amount', () => {
    const anything = fc.oneof(
      hostileLine(),
      fc.integer({ max: 0 }).map(String),
      fc.stringMatching(/^[0:.KMGTP+-]{0,12}$/),
      fc.stringMatching(/^[-+ ][0-9:-]{1,8}$/),
      fc.constantFrom('UNLIMITED', 'INFINITE', 'infinite', 'unlimited', 'UnLimited'),
    );
    const option = fc.constantFrom(...AMOUNT_OPTIONS.filter((name) => name !== 'gres' && !name.startsWith('gpus')));

    fc.assert(
      fc.property(option, anything, fc.constantFrom('1', '8', '120'), (name, value, most) => {
        fc.pre(!/[\p{Cc}\p{Cs}]/u.test(value) && !/^[1-9]\d*$/.test(value) && value !== '');
        expect(errorInTemplate(`#SBATCH --${name}=${x}`, limits(undefined, most), value)).not.to.equal('accepted');
      }),
    );
  });

  it('reports the limit "64G" as invalid for --time', () => {
    const errorFor = (line: string, rule: PropertyConstraint): string[] =>
      invalidLimits(
        { named: new Map([['x', rule]]), others: true },
        listProperties(parseLeniently('t', withDirectives(line))),
      );

    expect(errorFor(`#SBATCH --time=${x}`, limits(undefined, '64G'))).to.deep.equal([
      'the limit "64G" of the user property "x" is not a Slurm time, as --time requires',
    ]);
    expect(errorFor(`#SBATCH --nodes=${x}`, limits('1:00'))).to.have.length(1);
    expect(errorFor(`#SBATCH --time=${x}:00:00`, limits(undefined, '64'))).to.deep.equal([]);
    expect(errorFor(`#SBATCH --comment=${x}`, limits(undefined, '64G'))).to.deep.equal([]);
  });
});
