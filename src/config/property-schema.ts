// What the user properties of a queue's tasks may be: `properties` and `other_properties` of a queue.
import * as z from 'zod';
import type { PropertyConstraints, PropertyConstraint } from '../base/property-constraints.ts';
import { limitKind } from '../base/slurm-amount.ts';

const AMOUNT = 'must be a number, or in double quotes a length of time ("2-00:00:00") or a size of memory ("64G")';

/** Not made a text here: a schema that changes values has no defaults for the reference page. */
const amount = z
  .union([z.number(), z.string()], AMOUNT)
  .refine((value) => limitKind(String(value)) !== undefined, AMOUNT);

const limits = z
  .strictObject({
    min: amount
      .optional()
      .describe(
        'The least that is taken: a number, a time or a size of memory, as Slurm writes them. Without it no value is taken that is zero or less.',
      ),
    max: amount
      .optional()
      .describe(
        'The most that is taken. A number is read as the option reads it that the property sets: minutes for `--time`, megabytes for `--mem`. 0 and UNLIMITED are more than any there.',
      ),
    values: z
      .array(z.union([z.string(), z.number(), z.boolean()]))
      .min(1, 'must name at least one value')
      .optional()
      .describe('The only values that are taken.'),
  })
  .refine(
    ({ min, max }) => min === undefined || max === undefined || limitKind(String(min)) === limitKind(String(max)),
    {
      message: 'must have a min and a max of one kind: two numbers, two lengths of time, or two sizes of memory',
    },
  );

type Limits = z.infer<typeof limits>;

export const properties = z
  .record(z.string(), z.union([z.boolean(), limits], 'must be true, false, or a group with min, max or values'))
  .default({})
  .describe(
    'By the name of a user property: limits for its value, or `false` where it may not be set. A task outside of them fails with a sentence that says what is allowed. Defaults of the template are not held against them.',
  );

export const otherProperties = z
  .boolean()
  .default(true)
  .describe('Whether the template may read user properties of a task that `properties` does not name.');

/** undefined where all may be set to anything. */
export function propertySettings(
  named: Readonly<Record<string, boolean | Limits>>,
  others: boolean,
): PropertyConstraints | undefined {
  if (Object.keys(named).length === 0 && others) return undefined;
  const rules = Object.entries(named).map(([name, rule]): [string, boolean | PropertyConstraint] => [
    name,
    typeof rule === 'boolean' ? rule : limitsOf(rule),
  ]);
  return { named: new Map(rules), others };
}

function limitsOf({ min, max, values }: Limits): PropertyConstraint {
  const [least, most] = [min?.toString(), max?.toString()];
  return { kind: limitKind(most ?? least ?? '') ?? 'number', least, most, values: values?.map(String) };
}
