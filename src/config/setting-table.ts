// The settings of agent.slurm as rows, read from the schema: for the reference page, for help, and for "did you mean".
import { z } from 'zod';
import { AgentSection, ApiSection, SlurmSection } from './schema.ts';

export interface SettingRow {
  /** Below `agent.slurm`, e.g. `grace.end_sec`. */
  readonly name: string;
  /** `text`, `number`, `true or false`, `list`, `group`. */
  readonly type: string;
  /** As JSON; undefined when there is none, or when the meaning tells. */
  readonly fallback: string | undefined;
  readonly least: number | undefined;
  readonly meaning: string;
}

const Described = z.object({
  type: z.unknown().optional(),
  description: z.string().optional(),
  default: z.unknown().optional(),
  minimum: z.number().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
});
type Described = z.infer<typeof Described>;

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'number',
  boolean: 'true or false',
  array: 'list',
  object: 'group',
};

/** Every setting in the schema's order; a group comes before its own. */
export function settingRows(): SettingRow[] {
  return rowsOf(SlurmSection, '');
}

/** What counts for the daemon outside of `agent.slurm`, by the whole name. */
export function clearmlRows(): SettingRow[] {
  return [...rowsOf(ApiSection, 'api.'), ...rowsOf(AgentSection.omit({ slurm: true }), 'agent.')];
}

/** The names that may stand directly under `agent.slurm`, or under one of its groups. */
export function knownNames(group: readonly string[]): string[] {
  const prefix = group.map((step) => `${step}.`).join('');
  return settingRows()
    .map(({ name }) => name)
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
    .filter((name) => !name.includes('.'));
}

function rowsOf(section: z.ZodType, prefix: string): SettingRow[] {
  return rowsBelow(z.toJSONSchema(section, { io: 'input' }).properties ?? {}, prefix);
}

function rowsBelow(properties: Readonly<Record<string, unknown>>, prefix: string): SettingRow[] {
  return Object.entries(properties).flatMap(([key, schema]) => {
    const described = Described.parse(schema);
    const name = `${prefix}${key}`;
    return [rowOf(name, described), ...rowsBelow(described.properties ?? {}, `${name}.`)];
  });
}

function rowOf(name: string, { type, description, default: fallback, minimum, properties }: Described): SettingRow {
  const isGroup = properties !== undefined;
  return {
    name,
    type: (typeof type === 'string' ? TYPES[type] : undefined) ?? 'text',
    fallback: fallback === undefined || isGroup ? undefined : JSON.stringify(fallback),
    least: minimum,
    meaning: description ?? '',
  };
}
