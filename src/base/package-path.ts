// Locates the installed package and the files in it.
import { fileURLToPath } from 'node:url';

/** The build keeps the depth of this file: the relative path to the root is the same in `src` and `dist`. */
const PACKAGE_FOLDER = new URL('../../', import.meta.url);

/** The absolute path of a file in the package; the root of the package for an empty path. */
export function packagePath(inside: string): string {
  return fileURLToPath(new URL(inside, PACKAGE_FOLDER));
}
