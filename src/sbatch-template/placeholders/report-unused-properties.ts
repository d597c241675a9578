// Reports user properties and constraints without effect, because the template does not use the property. Pure.
import { isJsonObject } from '../../base/parse-json.ts';
import { nearestName } from '../../base/did-you-mean.ts';
import { limitText } from '../../base/truncate-text.ts';
import type { PropertyConstraints } from '../../base/property-constraints.ts';

/** Set by this program, for users to read. */
const OURS = ['slurm_job_id', 'slurm_cluster', 'slurm_cancelled'];

const MOST_NAMES = 8;

/** A longer name is no misspelling of a property, and takes long to compare. */
const LONGEST_MISSPELLING = 40;

/**
 * A message for the task's console; undefined if the template uses all user properties of the task.
 * @param task as the server returns it
 * @param read the names of the properties that the template uses
 */
export function unusedProperties(task: Readonly<Record<string, unknown>>, read: readonly string[]): string | undefined {
  const set = ['properties', 'Slurm'].flatMap((section) => namesOf(task, section));
  const unread = [...new Set(set)].filter((name) => !read.includes(name) && !OURS.includes(name));
  if (unread.length === 0) return undefined;
  const what = `the user ${unread.length === 1 ? 'property' : 'properties'} ${listed(unread.map((name) => withNearest(name, read)))}`;
  return `The template of this queue does not use ${what}. It uses ${read.length === 0 ? 'none' : listed(read)}.`;
}

function withNearest(name: string, read: readonly string[]): string {
  const nearest = name.length > LONGEST_MISSPELLING ? undefined : nearestName(name, read);
  return nearest === undefined ? `"${limitText(name, 'name')}"` : `"${name}" (did you mean "${nearest}"?)`;
}

/** Messages about constraints on properties that the template does not use: they have no effect. */
export function unusedConstraints(
  { named }: PropertyConstraints,
  read: readonly { readonly name: string }[],
  file: string,
): string[] {
  return [...named]
    .filter(([name, rule]) => typeof rule !== 'boolean' && !read.some((property) => property.name === name))
    .map(([name]) => `The constraint on the user property "${name}" has no effect: ${file} does not use the property.`);
}

function namesOf(task: Readonly<Record<string, unknown>>, section: string): string[] {
  const sections = task['hyperparams'];
  if (!isJsonObject(sections)) return [];
  const group = sections[section];
  return isJsonObject(group) ? Object.keys(group) : [];
}

function listed(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  return more > 0 ? `${names.slice(0, MOST_NAMES).join(', ')} and ${more} more` : names.join(', ');
}
