// Checks a value in a restricted option: a list of mounts or variables, or an option that Pyxis writes into a script on the node.
import { DIRECTIVE_PREFIX } from '../directives/tokenize-directives.ts';
import { displayValue } from '../placeholders/display-value.ts';
import { PLAIN_WORD } from '../placeholders/quote-value.ts';
import { CODE_VARIABLES } from '../shell/programs-that-run-code.ts';
import { templateErrorAt, type Range, type TemplateSource } from '../template-source.ts';
import type { ResolvedValue } from '../placeholders/resolve-value.ts';
import { isReference } from './parse-singularity-image.ts';
import { isPyxisImagePlaceholder } from './write-pyxis-image.ts';
import { restrictedOptionAt, type RestrictedOptions } from './find-restricted-options.ts';

/**
 * Pyxis writes mounts and names of variables into `echo "…"` of that script (`enroot_create_start_config` in pyxis_slurmstepd.c, 0.24),
 * where a dollar sign or a backquote would run a command as the user of the job, outside the container.
 */
export const PLAIN_FOR_PYXIS = /^[\w./:,@#%+=~-]*$/;

/** An image file; only such an image begins with a dot or a slash (`slurm_spank_user_init`). */
const FILE = /^[./][\w./:,@%+=~-]*$/;

/**
 * A path below the directory in the template: no other mount, no other path in the container, and nothing above that directory.
 * Together with a dot beside it, in the template or of another value, even a single dot would lead above.
 * `container_mounts` allows further directories, which a task mounts with its container arguments.
 */
export const PART_OF_MOUNT = /^(?!\.(?:\/|$)|(?:[^]*\/)?\.\.(?:\/|$)|[^]*\/\.$)[\w.@#%+=~-][\w./@#%+=~-]*$|^$/;

/**
 * A comma begins another variable (srun(1), `--export`; apptainer exec `--env`), which can be one that changes bash. Slurm takes what
 * follows a quote, commas included, for a part of the variable (`find_quote_token` in src/common/env.c).
 */
export const ONE_VARIABLE = /^[^,"']*$/;

/** Singularity writes the value between double quotes into a script of the container (`injectEnvHandler` of Apptainer 1.4). */
export const ONE_VARIABLE_OF_SINGULARITY = /^[^,"$`\\]*$/;

const SCHEME = /^(?:docker|dockerd|podman):\/\//;

/**
 * @param value after conversion for Pyxis
 * @throws TemplateError for a value that Slurm, Pyxis, enroot or Singularity would not read as one plain value
 */
export function checkRestrictedValue(
  source: TemplateSource,
  placeholder: Range,
  { text: value, origin }: ResolvedValue,
  words: RestrictedOptions,
): void {
  const option = restrictedOptionAt(source.text, placeholder, words);
  if (option === undefined) return;
  const violation = isPyxisImagePlaceholder(source.text, placeholder)
    ? imageViolation(value)
    : violationOf(option, value, origin, source, placeholder);
  if (violation === undefined) return;
  throw templateErrorAt(source, placeholder.start, undefined, `${displayValue(value)} for --${option} ${violation}`);
}

/** The requirement for values in this option of a script with this text. */
export function requirementOf(
  option: string,
  text: string,
): 'part of a mount' | 'one variable' | 'one variable of Singularity' | 'plain for Pyxis' {
  if (MOUNTS.test(option)) return 'part of a mount';
  if (option === 'env' && !/--no-eval\b/.test(text)) return 'one variable of Singularity';
  return VARIABLES.test(option) ? 'one variable' : 'plain for Pyxis';
}

/** Also abbreviated, as getopt allows. */
const MOUNTS = /^(?:container-mounts?|container-mou?|bind|mount|home|workdir|overlay|fusemount|scratch|volume)$/;
const VARIABLES = /^(?:export|env)$/;

function violationOf(
  option: string,
  value: string,
  origin: ResolvedValue['origin'],
  { text }: TemplateSource,
  place: Range,
): string | undefined {
  const requirement = requirementOf(option, text);
  switch (requirement) {
    case 'part of a mount':
      // A default of the template may be any directory.
      if (origin === 'default') return option.startsWith('container-') ? plainViolation(value) : undefined;
      // After a dash, it is an option of the program that mounts, which can name a program.
      return PART_OF_MOUNT.test(value) && !(option === 'fusemount' && value.startsWith('-'))
        ? undefined
        : 'would mount a directory that is not below the one in the template: use a path below it, or -v in the container arguments';
    case 'one variable of Singularity':
      if (/[$`\\]/.test(value))
        return 'has $, a backquote or a backslash, which Singularity evaluates: remove it, or write export NAME=${…} in the template before the command';
      return variableViolation(option, value, text, place);
    case 'one variable':
      return variableViolation(option, value, text, place);
    case 'plain for Pyxis':
      return plainViolation(value);
  }
}

function variableViolation(option: string, value: string, text: string, { start, end }: Range): string | undefined {
  const before = text.slice(0, start);
  const [rest = ''] = text.slice(end).replaceAll('\\\n', ' ').split('\n', 1);
  if (/[,"]/.test(value) || (option === 'export' && value.includes("'") && rest.includes(',')))
    return 'has a comma or a quote, which would change the other variables: remove it';
  const name = /(?:^|[\s,="'])(\w+)=[^,\s]*$/.exec(before)?.[1];
  // In the script, the context of the placeholder says so.
  const isDirective = before.slice(before.lastIndexOf('\n') + 1).startsWith(DIRECTIVE_PREFIX);
  if (isDirective && name !== undefined && CODE_VARIABLES.test(name) && !PLAIN_WORD.test(value))
    return `has a character that would be evaluated through ${name}: use letters, digits and ./:,@%+=-_`;
  return value.includes('=') && name === undefined
    ? 'sets a variable, but only the template may choose its name: write NAME= in the template before the placeholder'
    : undefined;
}

function imageViolation(image: string): string | undefined {
  if (FILE.test(image)) return undefined;
  // [USER@][REGISTRY#]NAME[:TAG][@DIGEST]
  const reference = image
    .replace(SCHEME, '')
    .replace(/^[\w.+-]+@(?=[^@]*#)/, '')
    .replace('#', '/');
  if (isReference(reference)) return undefined;
  return 'is not the name of an image: write docker://REGISTRY#NAME:TAG, or the path of a squashfs file';
}

function plainViolation(value: string): string | undefined {
  return PLAIN_FOR_PYXIS.test(value)
    ? undefined
    : 'has a character that Pyxis could read as code: use letters, digits and ./:,@#%+=~-';
}
