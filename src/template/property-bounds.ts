// What the user properties of a task may be in one queue: the lead's limits, and the sentence for a value outside of them.
import type { PropertyBounds, PropertyLimits } from '../base/property-bounds.ts';
import { readAmount, type AmountKind } from '../base/slurm-amount.ts';
import { TemplateProblem } from './errors.ts';
import { shown } from './shown-value.ts';
import type { BlankUse, Rendered } from './template.ts';
import { propertyOf } from './user-property.ts';

/**
 * Holds what a script was made of against the bounds. Only values of the task count: defaults are the lead's own, and a
 * property that the template does not read changes nothing.
 * @throws TemplateProblem for the first value outside of them
 */
export function checkBounds(file: string, { uses }: Rendered, queueName: string, bounds: PropertyBounds): void {
  for (const use of uses) {
    const trouble = troubleWith(use, queueName, bounds);
    if (trouble !== undefined) throw new TemplateProblem(file, use.line, use.column, trouble);
  }
}

function troubleWith({ variable, value, origin }: BlankUse, queue: string, bounds: PropertyBounds): string | undefined {
  const property = propertyOf(variable);
  if (property === undefined || origin !== 'task') return undefined;
  const rule = bounds.named.get(property) ?? bounds.others;
  if (rule === true) return undefined;
  if (rule === false) {
    return `the user property "${property}" may not be set for tasks of the queue "${queue}": take it out of the task`;
  }
  const allowed = allowedText(rule);
  if (isWithin(value, rule)) return undefined;
  return `the user property "${property}" is ${shown(value)}${kindTrouble(value, rule)}, and the queue "${queue}" takes ${allowed}: change it in the task`;
}

/** Whether the value is one of those that may be. */
export function isWithin(value: string, { kind, least, most, values }: PropertyLimits): boolean {
  if (values !== undefined && !values.includes(value)) return false;
  if (least === undefined && most === undefined) return true;
  const amount = readAmount(value, kind);
  if (amount === undefined) return false;
  const isEnough = least === undefined || amount >= (readAmount(least, kind) ?? Infinity);
  const isLittleEnough = most === undefined || amount <= (readAmount(most, kind) ?? -Infinity);
  return isEnough && isLittleEnough;
}

/** `1 to 8`, `at most 2-00:00:00`, `one of debug, gpu`. */
export function allowedText({ least, most, values }: PropertyLimits): string {
  const parts = [
    ...(values === undefined ? [] : [values.length === 1 ? `only ${values.join()}` : `one of ${values.join(', ')}`]),
    ...(least !== undefined && most !== undefined ? [`${least} to ${most}`] : []),
    ...(least !== undefined && most === undefined ? [`at least ${least}`] : []),
    ...(least === undefined && most !== undefined ? [`at most ${most}`] : []),
  ];
  return parts.join(', and of them ');
}

const WORDS: Readonly<Record<AmountKind, string>> = {
  number: 'a number',
  duration: 'a length of time as Slurm writes it',
  memory: 'a size of memory as Slurm writes it',
};

function kindTrouble(value: string, { kind, least, most }: PropertyLimits): string {
  const isCompared = least !== undefined || most !== undefined;
  return isCompared && readAmount(value, kind) === undefined ? `, which is not ${WORDS[kind]}` : '';
}
