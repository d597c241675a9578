// Whether a template has a use for the container image that a task names.
import { readOptions } from './lint/options.ts';
import { readLeniently } from './lint/read-leniently.ts';

const IMAGE = 'CLEARML_TASK.container.image';

/** In an option such as `--container-image`, or in the script. */
export function readsImage(file: string, text: string): boolean {
  const { words, sites } = readLeniently(file, text);
  const blanks = [...readOptions(words).flatMap((option) => option.blanks), ...sites.map(({ blank }) => blank)];
  return blanks.some(({ variable }) => variable === IMAGE);
}
