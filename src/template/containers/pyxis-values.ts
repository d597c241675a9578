// What a task's value may hold in an option of Pyxis, which writes some of them into a script of bash that enroot reads on the node.
import { TemplateProblem } from '../errors.ts';
import { shown } from '../shown-value.ts';
import { positionAt, type Range, type TemplateSource } from '../source.ts';
import { isReference } from './image.ts';
import { isPyxisImage } from './pyxis-image.ts';
import { pyxisOptionAt, type PyxisWords } from './pyxis-option.ts';

/**
 * Pyxis prints mounts and names of variables into `echo "…"` of that script (`enroot_create_start_config` in its
 * pyxis_slurmstepd.c, 0.24), where a dollar sign or a backquote would be run as the job's user, outside of the container.
 */
export const PLAIN_FOR_PYXIS = /^[\w./:,@#%+=~-]*$/;

/** An image in a file: the only kind that begins with a dot or a slash (`slurm_spank_user_init`). */
const FILE = /^[./][\w./:,@%+=~-]*$/;

const SCHEME = /^(?:docker|dockerd|podman):\/\//;

/**
 * @param value as Pyxis is given it
 * @throws TemplateProblem for one that Pyxis or enroot could read as anything but a plain value
 */
export function checkPyxisValue(source: TemplateSource, blank: Range, value: string, words: PyxisWords): void {
  const option = pyxisOptionAt(source.text, blank, words);
  if (option === undefined) return;
  const trouble = isPyxisImage(source.text, blank) ? imageTrouble(value) : plainTrouble(value);
  if (trouble === undefined) return;
  const { line, column } = positionAt(source.text, blank.start);
  throw new TemplateProblem(source.file, line, column, `${shown(value)} for --${option} ${trouble}`);
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
