// Adds to a message that names sbatch options where each is set: by a user property, or in the template.
import type { OptionLocation } from '../../sbatch-template/inspect-template.ts';
import type { Entry } from '../journal/entry.ts';
import type { DaemonDeps } from '../deps.ts';

const OPTION = /--[a-z][a-z-]*[a-z]/g;

/** Appends where the template sets the options that the text names. */
export function withOptionOrigins(text: string, locations: ReadonlyMap<string, OptionLocation> | undefined): string {
  const named = [...new Set(text.match(OPTION))].flatMap((option) => {
    const location = locations?.get(option);
    return location === undefined ? [] : [describeLocation(option, location)];
  });
  return named.length === 0 ? text : `${text} ${named.join(' ')}`;
}

/**
 * The same with the template of the task's queue. Nothing is appended if this daemon does not serve the queue, or if the template changed
 * since the job was submitted: its lines and properties are not those of the job then.
 */
export function withOptionOriginsOf(
  deps: Pick<DaemonDeps, 'queues'>,
  { queue, templateMark }: Pick<Entry, 'queue' | 'templateMark'>,
  text: string,
): string {
  const served = deps.queues.find(({ id }) => id === queue);
  const isChanged = templateMark !== undefined && templateMark !== served?.templateMark;
  return withOptionOrigins(text, isChanged ? undefined : served?.optionLocations);
}

function describeLocation(option: string, { file, line, properties }: OptionLocation): string {
  const where = `${file}, line ${line}`;
  if (properties.length === 0) return `${option} is set in ${where}.`;
  const names = properties.map((name) => `"${name}"`).join(' and ');
  return `${option} is set by the user ${properties.length === 1 ? 'property' : 'properties'} ${names} (${where}).`;
}
