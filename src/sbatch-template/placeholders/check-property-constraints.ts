// Checks the user properties of a task against the constraints of its queue.
import type { PropertyConstraints, PropertyConstraint } from '../../base/property-constraints.ts';
import { isZero, parseAmount, parseLimit, type Amount, type AmountKind } from '../../base/slurm-amount.ts';
import { AMOUNT_OPTIONS, amountKindOf } from '../directives/sbatch-options.ts';
import { TemplateError } from '../errors.ts';
import type { TemplateProperty } from '../inspect-template.ts';
import { displayValue } from './display-value.ts';
import type { PlaceholderUse, EnclosingOption, Rendered } from '../template.ts';
import { userPropertyOf } from './user-property.ts';

/**
 * Checks the values in a rendered script. Constraints apply to values from the task, not to the template's defaults, and not to
 * properties that the template does not use.
 * @throws TemplateError for the first value that is not allowed
 */
export function checkPropertyConstraints(
  file: string,
  { uses }: Rendered,
  queueName: string,
  constraints: PropertyConstraints,
): void {
  for (const use of uses) {
    const violation = violationOf(use, uses, queueName, constraints);
    if (violation !== undefined) throw new TemplateError(file, use.line, use.column, violation);
  }
}

function violationOf(
  use: PlaceholderUse,
  uses: readonly PlaceholderUse[],
  queue: string,
  constraints: PropertyConstraints,
): string | undefined {
  const { variable, value, origin, option } = use;
  const property = userPropertyOf(variable);
  if (property === undefined) return undefined;
  const rule = constraints.named.get(property) ?? constraints.others;
  if (rule === true) return undefined;
  if (origin !== 'task') return violationBeside(use, rule, uses, constraints);
  if (rule === false) {
    return `the user property "${property}" must not be set for tasks of the queue "${queue}": remove it from the task`;
  }
  const kinds = option === undefined ? kindsOfScript(property, rule, uses) : [];
  const valueUse = { option, kinds };
  if (isWithin(value, rule, valueUse)) return violationBeside(use, rule, uses, constraints);
  const kind = kindAt(rule, valueUse);
  return `the user property "${property}" is ${displayValue(value)}${whyNot(value, rule, kind)}, and the queue "${queue}" accepts ${describeConstraint(rule, kind)}: change the property in the task`;
}

/** Lists of requests, by the long names of their options, with the characters that begin another request or a count. */
const LISTS: readonly { readonly name: string; readonly separators: RegExp }[] = [
  ...AMOUNT_OPTIONS.filter((name) => /^(?:nodes|gres|gpus)/.test(name)).map((name) => ({ name, separators: /[,:]/ })),
  { name: 'tres-per-task', separators: /[,:]/ },
  { name: 'licenses', separators: /[,:;|]/ },
];

/**
 * Why another value in the same option is refused: beside a limited value, also one that the task leaves to the template, it would request
 * more, as `a100:8,gpu:a100` does for the type in `--gres=gpu:${type}:${count}`, and `T` for the unit in `--mem=${size}${unit}`.
 */
function violationBeside(
  { value: limited, option }: PlaceholderUse,
  rule: false | PropertyConstraint,
  uses: readonly PlaceholderUse[],
  { named, others }: PropertyConstraints,
): string | undefined {
  const isLimited = rule === false || rule.most !== undefined || rule.values !== undefined;
  if (option === undefined || !isLimited) return undefined;
  const separators = LISTS.find(({ name }) => name.startsWith(option.name))?.separators;
  for (const { variable, value, origin, option: place } of uses) {
    const isBeside = place?.name === option.name && (place.before !== option.before || place.after !== option.after);
    if (!isBeside || origin !== 'task') continue;
    const property = userPropertyOf(variable);
    const shown = `${property === undefined ? variable : `the user property "${property}"`} is ${displayValue(value)}`;
    // A value that the queue lists may have colons, and a limited one is checked itself.
    const isFree = property === undefined || (named.get(property) ?? others) === true;
    if (isFree && separators?.test(value) === true)
      return `${shown}, but in --${option.name} a comma or a colon would request more than the queue permits: change it in the task`;
    const whole = option.before + limited + option.after;
    const kind = amountKindOf(option.name);
    if (rule !== false && rule.kind !== 'number' && kind !== undefined && !fits(whole, kind, rule))
      return `${shown}, and --${option.name} is then ${displayValue(whole)}, but the queue accepts ${describeConstraint(rule)}: change it in the task`;
  }
  return undefined;
}

/** How a value is used: in the value of an option, or in the script as these kinds of amount. */
export interface ValueUse {
  readonly option?: EnclosingOption | undefined;
  readonly kinds?: readonly AmountKind[];
}

/**
 * In the script, a property has the kinds of the options whose whole value it is; if there are none, the kind of its limit.
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

/** Whether the constraint allows the value, as it is used. */
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
 * Checks a part of an option's value, as in `--time=${…}:00:00`. A limit without a unit applies to the part, which must be a plain
 * number; a limit with a unit applies to the whole value. The whole value must be an amount, and must not mean "no limit" if
 * there is a maximum.
 */
function fitsInText(
  value: string,
  kind: AmountKind | undefined,
  { before, after }: EnclosingOption,
  limits: PropertyConstraint,
): boolean {
  if (kind === undefined) return fits(value, limits.kind, limits);
  const whole = before + value + after;
  const all = parseAmount(whole, kind);
  if (all === undefined || (limits.most !== undefined && all.most === Infinity)) return false;
  if (limits.kind !== 'number') return /^\d+$/.test(value) && fits(whole, kind, limits);
  // After the name of a GRES, the value may also contain its type: `--gres=gpu:${…}` with `a100:2`.
  const isBehindName = kind === 'gres' && /(?:^|,)[A-Za-z]\w*:$/.test(before) && /^(?:,|$)/.test(after);
  return fits(value, isBehindName && !value.includes(',') ? 'gpus' : 'count', limits);
}

function fits(value: string, kind: AmountKind, limits: PropertyConstraint): boolean {
  const amount = parseAmount(value, kind);
  if (amount === undefined) return false;
  return isPositive(value, amount, limits) && isBetween(amount, kind, limits);
}

/** To Slurm, zero or less often means "everything", so that such values need an explicit `min`. */
function isPositive(value: string, { least }: Amount, limits: PropertyConstraint): boolean {
  return limits.least !== undefined || (least > 0 && !isZero(value));
}

function isBetween({ least, most }: Amount, kind: AmountKind, limits: PropertyConstraint): boolean {
  const isEnough = limits.least === undefined || least >= (parseLimit(limits.least, kind) ?? Infinity);
  const isLittleEnough = limits.most === undefined || most <= (parseLimit(limits.most, kind) ?? -Infinity);
  return isEnough && isLittleEnough;
}

/** The units of limits without a unit. */
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
  return parts.join(', and ');
}

const KIND_NAMES: Readonly<Record<AmountKind, string>> = {
  number: 'a number',
  count: 'a whole number',
  nodes: 'a number or range of nodes',
  duration: 'a Slurm time',
  memory: 'a Slurm memory size',
  gres: 'a list of GRES with counts',
  gpus: 'a number of GPUs',
};

function whyNot(value: string, { least, most }: PropertyConstraint, kind: AmountKind): string {
  if (least === undefined && most === undefined) return '';
  const amount = parseAmount(value, kind);
  if (amount === undefined) return `, which is not ${KIND_NAMES[kind]}`;
  return (kind === 'duration' || kind === 'memory') && amount.most === Infinity ? ', which means no limit' : '';
}

/**
 * Messages about limits that cannot be compared with the option that the property sets, such as `max = "64G"` for `--time`.
 * Every value of the property would be refused.
 */
export function invalidLimits(constraints: PropertyConstraints, properties: readonly TemplateProperty[]): string[] {
  return properties.flatMap(({ name, uses }) => {
    const rule = constraints.named.get(name);
    if (rule === undefined || typeof rule === 'boolean') return [];
    return uses.flatMap(({ option, isWhole: isWholeValue }) => {
      const kind = option === undefined || isWholeValue !== true ? undefined : amountKindOf(option.slice(2));
      const limits = [rule.least, rule.most].filter((limit) => limit !== undefined);
      const wrong = limits.find((limit) => kind !== undefined && parseLimit(limit, kind) === undefined);
      if (wrong === undefined || kind === undefined) return [];
      return [
        `the limit ${displayValue(wrong)} of the user property "${name}" is not ${KIND_NAMES[kind]}, as ${option} requires`,
      ];
    });
  });
}

/** The kind of the option whose whole value the property is; undefined if there is none. */
export function limitKindOf({ uses }: Pick<TemplateProperty, 'uses'>): AmountKind | undefined {
  return uses
    .filter(({ isWhole: isWholeValue }) => isWholeValue === true)
    .map(({ option = '' }) => amountKindOf(option.slice(2)))
    .find((kind) => kind !== undefined);
}
