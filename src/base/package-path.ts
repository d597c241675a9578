// Locates the installed package, and reads the files that belong to the program.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The build keeps the depth of this file: the relative path to the root is the same in `src` and `dist`. */
const PACKAGE_FOLDER = new URL('../../', import.meta.url);

/** Set by the build: the texts of the files, by their paths in the package, as JSON. */
declare const EMBEDDED_FILES: string | undefined;

/** The absolute path of a file in the package; the root of the package for an empty path. */
export function packagePath(inside: string): string {
  return fileURLToPath(new URL(inside, PACKAGE_FOLDER));
}

const texts = new Map(
  Object.entries(
    typeof EMBEDDED_FILES === 'undefined' ? {} : (JSON.parse(EMBEDDED_FILES) as Readonly<Record<string, string>>),
  ),
);

/**
 * The text of a file of the package. The built program contains it, and otherwise it is read once: an upgrade cannot change it while a
 * daemon runs.
 */
export function readPackageFile(inside: string): string {
  const text = texts.get(inside) ?? readFileSync(packagePath(inside), 'utf8');
  texts.set(inside, text);
  return text;
}
