// Where this package is installed: what stands beside its programs is found from here.
import { fileURLToPath } from 'node:url';

/** As deep as this file in the sources, so are in `dist` all that the build makes of it: the way up is the same from both. */
const PACKAGE_FOLDER = new URL('../../', import.meta.url);

/** The path of what has this path inside the package; the package's own for the empty one. */
export function packagePath(inside: string): string {
  return fileURLToPath(new URL(inside, PACKAGE_FOLDER));
}
