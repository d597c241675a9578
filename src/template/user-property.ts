// User properties: the ways in which a template names one, and the two places where a task may have it.

/** A section of hyperparameters that works like user properties: code can set it, with `task.connect(resources, name='Slurm')`. */
const SECTION = 'Slurm';

/** The server keeps user properties in this section, and matches it without case. */
const PROPERTIES = 'properties';

/**
 * The user property that a variable reads, or undefined: `CLEARML_TASK.hyperparams.properties.NAME.value`, or without the
 * section, as templates in use have it, or with the section Slurm.
 */
export function userPropertyOf(variable: string): string | undefined {
  const [root, first, section = '', ...rest] = variable.split('.');
  if (root !== 'CLEARML_TASK' || first !== 'hyperparams' || rest.at(-1) !== 'value') return undefined;
  if (rest.length === 1) return section;
  return isSection(section) ? rest.slice(0, -1).join('.') : undefined;
}

/**
 * Where a field of the task is to be looked for, the first that is there counts: a user property goes before the section
 * Slurm, since it is what somebody typed for this one run.
 * @param path behind `CLEARML_TASK`
 */
export function lookupPaths(path: readonly string[]): readonly (readonly string[])[] {
  const [first, section = '', ...rest] = path;
  if (first !== 'hyperparams') return [path];
  if (section.toLowerCase() === PROPERTIES) return bothPaths(rest);
  if (rest.length === 1 && rest[0] === 'value') return [path, ...bothPaths([section, ...rest])];
  return [path];
}

function bothPaths(rest: readonly string[]): string[][] {
  return [PROPERTIES, SECTION].map((section) => ['hyperparams', section, ...rest]);
}

function isSection(section: string): boolean {
  return section === SECTION || section.toLowerCase() === PROPERTIES;
}
