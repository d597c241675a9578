// What a task's value may hold in an option that lists mounts or variables, and in one that Pyxis writes into a script of the node.
import { TemplateError } from '../errors.ts';
import { displayValue } from '../display-value.ts';
import { positionAt, type Range, type TemplateSource } from '../source.ts';
import type { ResolvedValue } from '../resolve-value.ts';
import { isReference } from './image.ts';
import { isPyxisImagePlaceholder } from './pyxis-image.ts';
import { restrictedOptionAt, type RestrictedOptions } from './restricted-options.ts';

/**
 * Pyxis prints mounts and names of variables into `echo "…"` of that script (`enroot_create_start_config` in its
 * pyxis_slurmstepd.c, 0.24), where a dollar sign or a backquote would be run as the job's user, outside of the container.
 */
export const PLAIN_FOR_PYXIS = /^[\w./:,@#%+=~-]*$/;

/** An image in a file: the only kind that begins with a dot or a slash (`slurm_spank_user_init`). */
const FILE = /^[./][\w./:,@%+=~-]*$/;

/**
 * Below the folder that the template names: no other mount, no other place in the container, and nothing above that folder. Which
 * folders a task may mount says `container_mounts`, and the task names them in its container arguments.
 */
export const PART_OF_MOUNT = /^(?!(?:[^]*\/)?\.\.(?:\/|$))[\w.@#%+=~-][\w./@#%+=~-]*$|^$/;

/** A comma begins another variable (srun(1), `--export`; apptainer exec `--env`), which may be one that bash obeys. */
export const ONE_VARIABLE = /^[^,"]*$/;

const SCHEME = /^(?:docker|dockerd|podman):\/\//;

/**
 * @param value as Pyxis is given it
 * @throws TemplateError for one that Pyxis or enroot could read as anything but a plain value
 */
export function checkRestrictedValue(
  source: TemplateSource,
  placeholder: Range,
  { text: value, origin }: ResolvedValue,
  words: RestrictedOptions,
): void {
  const option = restrictedOptionAt(source.text, placeholder, words);
  if (option === undefined) return;
  const trouble = isPyxisImagePlaceholder(source.text, placeholder)
    ? imageTrouble(value)
    : troubleFor(option, value, origin, source, placeholder);
  if (trouble === undefined) return;
  const { line, column } = positionAt(source.text, placeholder.start);
  throw new TemplateError(source.file, line, column, `${displayValue(value)} for --${option} ${trouble}`);
}

/** What a value must be in this option. */
export function requirementOf(option: string): 'part of a mount' | 'one variable' | 'plain for Pyxis' {
  if (MOUNTS.test(option)) return 'part of a mount';
  return VARIABLES.test(option) ? 'one variable' : 'plain for Pyxis';
}

/** Also as getopt lets them be cut short. */
const MOUNTS = /^(?:container-mounts?|container-mou?|bind|mount)$/;
const VARIABLES = /^(?:export|env)$/;

function troubleFor(
  option: string,
  value: string,
  origin: ResolvedValue['origin'],
  { text }: TemplateSource,
  { start }: Range,
): string | undefined {
  switch (requirementOf(option)) {
    case 'part of a mount':
      // What the template itself says may be any folder.
      if (origin === 'default') return option.startsWith('container-') ? plainTrouble(value) : undefined;
      return PART_OF_MOUNT.test(value)
        ? undefined
        : 'would mount another folder than the template names: use a name below that folder, or the -v of container arguments';
    case 'one variable':
      if (!ONE_VARIABLE.test(value)) return 'holds a comma or a quote, which would begin another variable: take it out';
      return value.includes('=') && !/[\s,="']\w+=[^,\s]*$/.test(text.slice(0, start))
        ? 'names a variable: write its name in the template'
        : undefined;
    case 'plain for Pyxis':
      return plainTrouble(value);
  }
}

function imageTrouble(image: string): string | undefined {
  if (FILE.test(image)) return undefined;
  // [USER@][REGISTRY#]NAME[:TAG][@DIGEST]
  const reference = image
    .replace(SCHEME, '')
    .replace(/^[\w.+-]+@(?=[^@]*#)/, '')
    .replace('#', '/');
  if (isReference(reference)) return undefined;
  return 'is not the name of an image: write docker://REGISTRY#NAME:TAG, or the path of a squashfs file';
}

function plainTrouble(value: string): string | undefined {
  return isPlainForPyxis(value)
    ? undefined
    : 'holds a character that Pyxis could read as code: use letters, digits and ./:,@#%+=~-';
}

/** Whether this means itself in any option of Pyxis. */
export function isPlainForPyxis(value: string): boolean {
  return PLAIN_FOR_PYXIS.test(value);
}
