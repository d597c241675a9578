// Whether a template has a use for the container image that a task names.
import { readOptions } from './lint/options.ts';
import { readLeniently } from './lint/read-leniently.ts';

const IMAGE = 'CLEARML_TASK.container.image';

/** In an option such as `--container-image`, or in the script. */
export function usesImage(file: string, text: string): boolean {
  const { tokens: words, occurrences } = readLeniently(file, text);
  const placeholders = [
    ...readOptions(words).flatMap((option) => option.placeholders),
    ...occurrences.map(({ placeholder }) => placeholder),
  ];
  return placeholders.some(({ variable }) => variable === IMAGE);
}
