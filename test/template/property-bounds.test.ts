// Bounds of user properties: what is within them passes, what is outside of them never does, and the sentence says what is allowed.
import { expect } from 'chai';
import fc from 'fast-check';
import { amountKind, readAmount } from '../../src/base/slurm-amount.ts';
import { parseTemplate } from '../../src/template/parse-template.ts';
import type { PropertyBounds, PropertyLimits } from '../../src/base/property-bounds.ts';
import { checkBounds, isWithin } from '../../src/template/property-bounds.ts';
import { hostileLine } from './hostile-values.ts';
import { emptyVariables, noBlocks, problemOf, property, withDirectives, withProperties } from './filled-in.ts';

function limits(least?: string, most?: string, values?: readonly string[]): PropertyLimits {
  return { kind: amountKind(most ?? least ?? '0') ?? 'number', least, most, values };
}

/** What a task with this value is told, or "taken". */
function told(rule: boolean | PropertyLimits, value: string, others = true): string {
  const bounds: PropertyBounds = { named: new Map([['x', rule]]), others };
  const template = parseTemplate(withDirectives(`#SBATCH --comment=${property('x', ':')}`), 'gpu.template');
  const rendered = template.render(withProperties({ x: value }), noBlocks);
  return problemOf(() => checkBounds('gpu.template', rendered, 'gpu', bounds))?.message ?? 'taken';
}

describe('the bounds of a user property', () => {
  for (const [rule, value, answer] of [
    [limits('1', '8'), '8', 'taken'],
    [limits('1', '8'), '12', 'is "12", and the queue "gpu" takes 1 to 8: change it in the task'],
    [limits('1', '8'), '0', 'is "0", and the queue "gpu" takes 1 to 8: change it in the task'],
    [limits(undefined, '8'), '1-8', 'is "1-8", which is not a number, and the queue "gpu" takes at most 8'],
    [limits(undefined, '8'), '1e0', 'is "1e0", which is not a number, and the queue "gpu" takes at most 8'],
    [limits('2'), '1', 'is "1", and the queue "gpu" takes at least 2'],
    [limits(undefined, '2-00:00:00'), '48:00:00', 'taken'],
    [limits(undefined, '2-00:00:00'), '2-00:00:01', 'is "2-00:00:01", and the queue "gpu" takes at most 2-00:00:00'],
    [limits(undefined, '2-00:00:00'), '2881', 'is "2881", and'],
    [limits(undefined, '2-00:00:00'), 'UNLIMITED', 'is "UNLIMITED", and the queue "gpu" takes at most 2-00:00:00'],
    [limits(undefined, '2-00:00:00'), '0', 'is "0", and the queue "gpu" takes at most 2-00:00:00'],
    [limits(undefined, '2-00:00:00'), 'soon', 'which is not a length of time as Slurm writes it, and'],
    [limits(undefined, '64G'), '65536', 'taken'],
    [limits(undefined, '64G'), '65537', 'is "65537", and the queue "gpu" takes at most 64G'],
    [limits(undefined, '64G'), '0', 'is "0", and the queue "gpu" takes at most 64G'],
    [limits(undefined, '64G'), '1T', 'is "1T", and'],
    [limits(undefined, undefined, ['debug', 'gpu']), 'gpu', 'taken'],
    [limits(undefined, undefined, ['debug', 'gpu']), 'gpu,cpu', 'takes one of debug, gpu: change it in the task'],
    [limits(undefined, undefined, ['debug']), 'gpu', 'takes only debug: change it in the task'],
    [true, 'anything', 'taken'],
    [false, 'a', 'the user property "x" may not be set for tasks of the queue "gpu": take it out of the task'],
  ] as const) {
    it(`${JSON.stringify(rule)} and ${value}: ${answer}`, () => {
      expect(told(rule, value)).to.include(answer);
    });
  }

  it('name the place in the template', () => {
    expect(told(limits('1', '8'), '12')).to.match(/^gpu\.template:2:19: the user property "x" is "12"/);
  });

  it('hold for a property that is not named, where others may not be set', () => {
    const bounds: PropertyBounds = { named: new Map(), others: false };
    const template = parseTemplate(withDirectives(`#SBATCH --comment=${property('x', ':a')}`), 'gpu.template');

    const set = template.render(withProperties({ x: 'b', unread: 'c' }), noBlocks);
    const unset = template.render(withProperties({ unread: 'c' }), noBlocks);

    expect(problemOf(() => checkBounds('t', set, 'gpu', bounds))?.finding).to.include('may not be set');
    expect(problemOf(() => checkBounds('t', unset, 'gpu', bounds))).to.equal(undefined);
  });

  for (const [how, blank, hyperparams] of [
    ['without its section', '${CLEARML_TASK.hyperparams.x.value:1}', { properties: { x: { value: '9' } } }],
    ['from the section Slurm', property('x', ':1'), { Slurm: { x: { value: '9' } } }],
    ['by the section Slurm', '${CLEARML_TASK.hyperparams.Slurm.x.value:1}', { Slurm: { x: { value: '9' } } }],
    ['with a filter', property('x', '|strip:1'), { properties: { x: { value: ' 9 ' } } }],
    ['as a number', property('x', ':1'), { properties: { x: { value: 9 } } }],
  ] as const) {
    it(`hold for a property that is read ${how}`, () => {
      const bounds: PropertyBounds = { named: new Map([['x', limits('1', '8')]]), others: true };
      const template = parseTemplate(withDirectives(`#SBATCH --nodes=${blank}`), 't');
      const rendered = template.render({ ...emptyVariables, task: { id: 'a', hyperparams } }, noBlocks);

      expect(problemOf(() => checkBounds('t', rendered, 'gpu', bounds))?.finding).to.include('takes 1 to 8');
    });
  }

  it('do not hold for the default, which is the lead’s own', () => {
    const bounds: PropertyBounds = { named: new Map([['x', limits('1', '8')]]), others: false };
    const template = parseTemplate(withDirectives(`#SBATCH --nodes=${property('x', ':100')}`), 't');

    const rendered = template.render(emptyVariables, noBlocks);

    expect(problemOf(() => checkBounds('t', rendered, 'gpu', bounds))).to.equal(undefined);
  });

  it('let nothing through that is not an amount within them, whatever somebody types', () => {
    const anything = fc.oneof(
      hostileLine,
      fc.nat().map(String),
      fc.stringMatching(/^[0-9:.KMGTP-]{0,12}$/),
      fc.stringMatching(/^\d{1,3}-\d{1,2}(:\d{1,2}){0,2}$/),
    );
    const bound = fc.constantFrom(limits('1', '8'), limits('10:00', '2-00:00:00'), limits('1G', '64G'));

    fc.assert(
      fc.property(bound, anything, (limit, value) => {
        const amount = readAmount(value, limit.kind);
        const least = readAmount(limit.least ?? '', limit.kind) ?? NaN;
        const most = readAmount(limit.most ?? '', limit.kind) ?? NaN;

        expect(isWithin(value, limit)).to.equal(amount !== undefined && least <= amount && amount <= most);
      }),
    );
  });
});
