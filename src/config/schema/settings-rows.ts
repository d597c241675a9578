// Lists the settings of agent.slurm as rows, read from the schema, for the reference page and for "did you mean".
import * as z from 'zod';
import { REFUSED_SETTINGS } from './refused-settings.ts';
import { AgentSection, ApiSection, ClearmlConf, SlurmSection } from './settings-schema.ts';
import { TRUSTED_USES, type Trusted } from '../path-uses.ts';

export interface SettingRow {
  /** Below `agent.slurm`, e.g. `grace.end_sec`. */
  readonly name: string;
  /** `string`, `number`, `true or false`, `list`, `group`. */
  readonly type: string;
  /** As JSON; undefined if there is none, or if the meaning describes it. */
  readonly fallback: string | undefined;
  readonly least: number | undefined;
  readonly most: number | undefined;
  readonly meaning: string;
  /** How the file or directory is used; undefined if the setting is not a path. */
  readonly trusted: Trusted | undefined;
}

/** What `z.toJSONSchema` writes about a setting, and the mark of a path. */
const Described = z.object({
  type: z.unknown().optional(),
  description: z.string().optional(),
  default: z.unknown().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  additionalProperties: z.unknown().optional(),
  items: z.unknown().optional(),
  trusted: z.enum(Object.keys(TRUSTED_USES) as Trusted[]).optional(),
  get anyOf() {
    return z.array(Described).optional();
  },
});
type Described = z.infer<typeof Described>;

const TYPES: Readonly<Record<string, string>> = {
  string: 'string',
  number: 'number',
  integer: 'number',
  boolean: 'true or false',
  array: 'list',
  object: 'group',
};

/** Every setting in the order of the schema, a group before its members; without those that are only rejected. */
export function settingRows(): SettingRow[] {
  return rowsOf(SlurmSection, '').filter(({ name }) => !(name in REFUSED_SETTINGS));
}

/** The settings outside of `agent.slurm` that the daemon uses, by their full names. */
export function clearmlRows(): SettingRow[] {
  return [...rowsOf(ApiSection, 'api.'), ...rowsOf(AgentSection.omit({ slurm: true }), 'agent.')];
}

/** The names permitted in `agent.slurm`, or in one of its groups. */
export function knownNames(group: readonly string[]): string[] {
  return settingRows()
    .map(({ name }) => name.split('.'))
    .filter((steps) => steps.length === group.length + 1)
    .filter((steps) => group.every((step, index) => steps[index] === step || steps[index] === ANY_NAME))
    .map((steps) => steps.at(-1) ?? '')
    .filter((name) => name !== ANY_NAME);
}

/**
 * The settings that are paths, by their full names, with their uses: the marks of the rows above. Every command needs them at its
 * start, where the rows, which come from a JSON schema, would take 20 ms.
 */
export function pathUses(): ReadonlyMap<string, Trusted> {
  const uses = new Map<string, Trusted>();
  addPathUses(ClearmlConf, [], uses);
  return uses;
}

function addPathUses(schema: z.core.$ZodType, steps: readonly string[], uses: Map<string, Trusted>): void {
  const name = steps.join('.');
  const { trusted } = Described.parse(z.globalRegistry.get(schema) ?? {});
  if (trusted !== undefined && !uses.has(name)) uses.set(name, trusted);
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'object':
      for (const [key, member] of Object.entries(def.shape)) addPathUses(member, [...steps, key], uses);
      break;
    case 'record':
      addPathUses(def.valueType, [...steps, ANY_NAME], uses);
      break;
    case 'array':
      addPathUses(def.element, steps, uses);
      break;
    case 'union':
      for (const option of def.options) addPathUses(option, steps, uses);
      break;
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
      addPathUses(def.innerType, steps, uses);
      break;
    case 'pipe':
      addPathUses(def.in, steps, uses);
      break;
    default:
  }
}

/** Represents a name that the user chooses. */
export const ANY_NAME = '<name>';

function rowsOf(section: z.ZodType, prefix: string): SettingRow[] {
  return rowsBelow(z.toJSONSchema(section, { io: 'input' }).properties ?? {}, prefix);
}

function rowsBelow(properties: Readonly<Record<string, unknown>>, prefix: string): SettingRow[] {
  return Object.entries(properties).flatMap(([key, schema]) => {
    const described = Described.parse(schema);
    const name = `${prefix}${key}`;
    const shapes = described.anyOf ?? [described];
    const below = shapes.flatMap((shape) => [
      ...rowsBelow(shape.properties ?? {}, `${name}.`),
      ...rowsBelow(propertiesOfEach(shape), `${name}.${ANY_NAME}.`),
    ]);
    return [rowOf(name, described, shapes), ...below];
  });
}

/** The settings in each entry of a group whose names the user chooses. */
function propertiesOfEach({ additionalProperties }: Described): Readonly<Record<string, unknown>> {
  const each = Described.safeParse(additionalProperties).data;
  return Object.fromEntries((each?.anyOf ?? [each]).flatMap((shape) => Object.entries(shape?.properties ?? {})));
}

function rowOf(name: string, described: Described, shapes: readonly Described[]): SettingRow {
  const { default: fallback, minimum, maximum, description } = described;
  const types = shapes.map(({ type }) => (typeof type === 'string' ? TYPES[type] : undefined) ?? 'string');
  const isGroup = types.includes('group');
  return {
    name,
    type: [...new Set(types)].join(' or '),
    fallback: fallback === undefined || (isGroup && !Array.isArray(fallback)) ? undefined : JSON.stringify(fallback),
    least: minimum,
    most: maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum,
    meaning: description ?? '',
    trusted: shapes.map(markOf).find((mark) => mark !== undefined) ?? described.trusted,
  };
}

/** The mark of a path, or of the paths in a list. */
function markOf({ trusted, items }: Described): Trusted | undefined {
  return trusted ?? Described.safeParse(items).data?.trusted;
}
