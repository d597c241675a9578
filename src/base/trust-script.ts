// The rule of trusted-path.ts as a shell function, for machines where only a shell is at hand: the job script has the same text.
import { readFileSync } from 'node:fs';
import { packagePath } from './package-path.ts';

let text: string | undefined;

/** Defines `clearml_is_trusted PATH GROUP`, which sets `clearml_why`. Without its comments, as it goes over every line to a host. */
export function trustScript(): string {
  text ??= readFileSync(packagePath('templates/partials/trust.sh.mustache'), 'utf8').replaceAll(/^ *#.*\n/gm, '');
  return text;
}
