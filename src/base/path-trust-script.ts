// The rule of path-trust-rule.ts as a shell function, for machines where only a shell is available; the job script uses it too.
import { readPackageFile } from './package-path.ts';

let text: string | undefined;

/** Defines `clearml_is_trusted PATH GROUP`, which sets `clearml_why`. Comments are removed because it is sent with every connection. */
export function trustScript(): string {
  text ??= readPackageFile('templates/partials/trust.sh.mustache').replaceAll(/^ *#.*\n/gm, '');
  return text;
}
