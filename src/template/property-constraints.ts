// What the user properties of a task may be in one queue: the lead's limits, and the sentence for a value outside of them.
import type { PropertyConstraints, PropertyConstraint } from '../base/property-constraints.ts';
import { isZero, readAmount, readLimit, type Amount, type AmountKind } from '../base/slurm-amount.ts';
import { amountKindOf } from './amount-options.ts';
import { TemplateError } from './errors.ts';
import type { TemplateProperty } from './inspect-template.ts';
import { displayValue } from './display-value.ts';
import type { PlaceholderUse, EnclosingOption, Rendered } from './template.ts';
import { userPropertyOf } from './user-property.ts';

/**
 * Holds what a script was made of against the constraints. Only values of the task count: defaults are the lead's own, and a
 * property that the template does not read changes nothing.
 * @throws TemplateError for the first value outside of them
 */
export function checkConstraints(
  file: string,
  { uses }: Rendered,
  queueName: string,
  bounds: PropertyConstraints,
): void {
  for (const use of uses) {
    const trouble = violationOf(use, uses, queueName, bounds);
    if (trouble !== undefined) throw new TemplateError(file, use.line, use.column, trouble);
  }
}

function violationOf(
  { variable, value, origin, option }: PlaceholderUse,
  uses: readonly PlaceholderUse[],
  queue: string,
  bounds: PropertyConstraints,
): string | undefined {
  const property = userPropertyOf(variable);
  if (property === undefined || origin !== 'task') return undefined;
  const rule = bounds.named.get(property) ?? bounds.others;
  if (rule === true) return undefined;
  if (rule === false) {
    return `the user property "${property}" may not be set for tasks of the queue "${queue}": take it out of the task`;
  }
  const kinds = option === undefined ? kindsOfScript(property, rule, uses) : [];
  const place = { option, kinds };
  if (isWithin(value, rule, place)) return undefined;
  const kind = kindAt(rule, place);
  return `the user property "${property}" is ${displayValue(value)}${whyNot(value, rule, kind)}, and the queue "${queue}" takes ${describeConstraint(rule, kind)}: change it in the task`;
}

/** Where a value stands: in an option's value, or in the script as these kinds of amount. */
export interface ValueUse {
  readonly option?: EnclosingOption | undefined;
  readonly kinds?: readonly AmountKind[];
}

/**
 * In the script a property is what it is in the options that it feeds as a whole; where it feeds none, what its limit is
 * written as.
 */
function kindsOfScript(property: string, { kind }: PropertyConstraint, uses: readonly PlaceholderUse[]): AmountKind[] {
  const kinds = uses.flatMap(({ variable, option }) =>
    option !== undefined && isWhole(option) && userPropertyOf(variable) === property
      ? (amountKindOf(option.name) ?? [])
      : [],
  );
  return kinds.length === 0 ? [kind] : kinds;
}

function isWhole({ before, after }: EnclosingOption): boolean {
  return before === '' && after === '';
}

function kindAt({ kind }: PropertyConstraint, { option, kinds = [] }: ValueUse): AmountKind {
  if (option === undefined) return kinds[0] ?? kind;
  return isWhole(option) ? (amountKindOf(option.name) ?? kind) : 'number';
}

/** Whether the value is one of those that may be, at the place where it stands. */
export function isWithin(
  value: string,
  limits: PropertyConstraint,
  { option, kinds = [limits.kind] }: ValueUse,
): boolean {
  const { least, most, values } = limits;
  if (values !== undefined && !values.includes(value)) return false;
  if (least === undefined && most === undefined) return true;
  if (option === undefined) return kinds.every((kind) => fits(value, kind, limits));
  const kind = amountKindOf(option.name);
  if (isWhole(option)) return fits(value, kind ?? limits.kind, limits);
  return fitsInText(value, kind, option, limits);
}

/**
 * A part of an option's value, as in `--time=${…}:00:00`: a plain number, held against a plain limit by itself; a limit with
 * a unit is held against the option's whole value. That must be an amount, and never "without a limit" where there is a most.
 */
function fitsInText(
  value: string,
  kind: AmountKind | undefined,
  { before, after }: EnclosingOption,
  limits: PropertyConstraint,
): boolean {
  if (kind === undefined) return fits(value, limits.kind, limits);
  const whole = before + value + after;
  const all = readAmount(whole, kind);
  if (all === undefined || (limits.most !== undefined && all.most === Infinity)) return false;
  if (limits.kind !== 'number') return /^\d+$/.test(value) && fits(whole, kind, limits);
  // Behind the name of a GRES its type may be chosen too: `--gres=gpu:${…}` with `a100:2`.
  const isBehindName = kind === 'gres' && /(?:^|,)[A-Za-z]\w*:$/.test(before) && /^(?:,|$)/.test(after);
  return fits(value, isBehindName && !value.includes(',') ? 'gpus' : 'count', limits);
}

function fits(value: string, kind: AmountKind, limits: PropertyConstraint): boolean {
  const amount = readAmount(value, kind);
  if (amount === undefined) return false;
  return isPositive(value, amount, limits) && isBetween(amount, kind, limits);
}

/** Zero and less mean "all there is" to Slurm more often than nothing: a lead who wants them says so by a `min`. */
function isPositive(value: string, { least }: Amount, limits: PropertyConstraint): boolean {
  return limits.least !== undefined || (least > 0 && !isZero(value));
}

function isBetween({ least, most }: Amount, kind: AmountKind, limits: PropertyConstraint): boolean {
  const isEnough = limits.least === undefined || least >= (readLimit(limits.least, kind) ?? Infinity);
  const isLittleEnough = limits.most === undefined || most <= (readLimit(limits.most, kind) ?? -Infinity);
  return isEnough && isLittleEnough;
}

/** Units of limits that are written without one. */
const UNITS: Readonly<Partial<Record<AmountKind, string>>> = { duration: 'minutes', memory: 'MB' };

/** `1 to 8`, `at most 2-00:00:00`, `at most 120 minutes`, `one of debug, gpu`. */
export function describeConstraint(
  { kind: written, least, most, values }: PropertyConstraint,
  kind: AmountKind = written,
): string {
  const unit = written === 'number' && UNITS[kind] !== undefined ? ` ${UNITS[kind]}` : '';
  const parts = [
    ...(values === undefined ? [] : [values.length === 1 ? `only ${values.join()}` : `one of ${values.join(', ')}`]),
    ...(least !== undefined && most !== undefined ? [`${least} to ${most}${unit}`] : []),
    ...(least !== undefined && most === undefined ? [`at least ${least}${unit}`] : []),
    ...(least === undefined && most !== undefined ? [`at most ${most}${unit}`] : []),
  ];
  return parts.join(', and of them ');
}

const WORDS: Readonly<Record<AmountKind, string>> = {
  number: 'a number',
  count: 'a whole number',
  nodes: 'a number or range of nodes',
  duration: 'a time as Slurm writes it',
  memory: 'a size of memory as Slurm writes it',
  gres: 'a list of GRES with counts',
  gpus: 'a number of GPUs',
};

function whyNot(value: string, { least, most }: PropertyConstraint, kind: AmountKind): string {
  if (least === undefined && most === undefined) return '';
  const amount = readAmount(value, kind);
  if (amount === undefined) return `, which is not ${WORDS[kind]}`;
  return (kind === 'duration' || kind === 'memory') && amount.most === Infinity
    ? ', which is "without a limit" here'
    : '';
}

/**
 * Sentences about limits that can't be compared with what the option takes that the property feeds, such as `max = "64G"` of
 * one that is `--time`. Every value of the property would be refused.
 */
export function invalidLimits(bounds: PropertyConstraints, properties: readonly TemplateProperty[]): string[] {
  return properties.flatMap(({ name, uses }) => {
    const rule = bounds.named.get(name);
    if (rule === undefined || typeof rule === 'boolean') return [];
    return uses.flatMap(({ option, isWhole: isWholeValue }) => {
      const kind = option === undefined || isWholeValue !== true ? undefined : amountKindOf(option.slice(2));
      const limits = [rule.least, rule.most].filter((limit) => limit !== undefined);
      const wrong = limits.find((limit) => kind !== undefined && readLimit(limit, kind) === undefined);
      if (wrong === undefined || kind === undefined) return [];
      return [
        `the limit ${displayValue(wrong)} of the user property "${name}" is not ${WORDS[kind]}, which ${option} takes`,
      ];
    });
  });
}

/** How a limit of the property is read: as the option does that it feeds as a whole. */
export function limitKindOf({ uses }: Pick<TemplateProperty, 'uses'>): AmountKind | undefined {
  return uses
    .filter(({ isWhole: isWholeValue }) => isWholeValue === true)
    .map(({ option = '' }) => amountKindOf(option.slice(2)))
    .find((kind) => kind !== undefined);
}
