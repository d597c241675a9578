// Advice that names an option of sbatch is told where that is set for this task: by a user property, or in the template.
import type { OptionLocation } from '../../template/inspect-template.ts';
import type { Entry } from '../journal/entry.ts';
import type { DaemonDeps } from '../deps.ts';

const OPTION = /--[a-z][a-z-]*[a-z]/g;

/** The text, and behind it where the options that it names are set by the template of this queue, as far as they are. */
export function withOptionOrigins(text: string, places: ReadonlyMap<string, OptionLocation> | undefined): string {
  const named = [...new Set(text.match(OPTION))].flatMap((option) => {
    const place = places?.get(option);
    return place === undefined ? [] : [describePlace(option, place)];
  });
  return named.length === 0 ? text : `${text} ${named.join(' ')}`;
}

/**
 * The same, with the template of the queue that the task came from, where this daemon serves it. Of a template that was changed
 * since the job was submitted nothing is told: its lines and properties are not those of the job.
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

function describePlace(option: string, { file, line, properties }: OptionLocation): string {
  const where = `${file}, line ${line}`;
  if (properties.length === 0) return `${option} is set in ${where}.`;
  const names = properties.map((name) => `"${name}"`).join(' and ');
  return `${option} is set by the user ${properties.length === 1 ? 'property' : 'properties'} ${names} (${where}).`;
}
