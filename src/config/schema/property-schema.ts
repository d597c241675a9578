// The settings `properties` and `other_properties` of a queue: constraints for the user properties of its tasks.
import * as z from 'zod';
import type { PropertyConstraints, PropertyConstraint } from '../../base/property-constraints.ts';
import { limitKind } from '../../base/slurm-amount.ts';

const AMOUNT = 'must be a number, or a time ("2-00:00:00") or memory size ("64G") in double quotes';

/** Kept as it is: zod cannot print the defaults of a schema that transforms values. */
const amount = z
  .union([z.number(), z.string()], AMOUNT)
  .refine((value) => limitKind(String(value)) !== undefined, AMOUNT);

const constraint = z
  .strictObject({
    min: amount
      .optional()
      .describe(
        "The smallest permitted number, time or memory size, in Slurm's notation. Without it, zero and negative values are rejected.",
      ),
    max: amount
      .optional()
      .describe(
        'The largest permitted value. A number has the unit of the option: minutes for `--time`, megabytes for `--mem`.',
      ),
    values: z
      .array(z.union([z.string(), z.number(), z.boolean()]))
      .min(1, 'must name at least one value')
      .optional()
      .describe('The only permitted values.'),
  })
  .refine(
    ({ min, max }) => min === undefined || max === undefined || limitKind(String(min)) === limitKind(String(max)),
    {
      message: 'must have a min and a max of the same kind: two numbers, two times or two memory sizes',
    },
  );

type ConstraintSetting = z.infer<typeof constraint>;

export const properties = z
  .record(z.string(), z.union([z.boolean(), constraint], 'must be true, false, or a group with min, max or values'))
  .default({})
  .describe(
    'Constraints by user property: a group with `min`, `max` or `values`, or `false` to forbid the property. A task that violates one fails.',
  );

export const otherProperties = z
  .boolean()
  .default(true)
  .describe('Whether tasks may set other user properties that the template uses.');

/** @returns undefined if there are no constraints */
export function propertySettings(
  named: Readonly<Record<string, boolean | ConstraintSetting>> = {},
  others = true,
): PropertyConstraints | undefined {
  if (Object.keys(named).length === 0 && others) return undefined;
  const rules = Object.entries(named).map(([name, rule]): [string, boolean | PropertyConstraint] => [
    name,
    typeof rule === 'boolean' ? rule : constraintOf(rule),
  ]);
  return { named: new Map(rules), others };
}

function constraintOf({ min, max, values }: ConstraintSetting): PropertyConstraint {
  const [least, most] = [min?.toString(), max?.toString()];
  return { kind: limitKind(most ?? least ?? '') ?? 'number', least, most, values: values?.map(String) };
}
