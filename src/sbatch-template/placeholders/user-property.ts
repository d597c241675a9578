// User properties: how a template names one, and the two sections of a task that can contain it.

/** A section of hyperparameters that works like user properties; code sets it with `task.connect(resources, name='Slurm')`. */
const SECTION = 'Slurm';

/** The server keeps user properties in this section, and ignores case in its name. */
const PROPERTIES = 'properties';

/**
 * The user property that a variable reads; undefined if it reads none. A template writes
 * `CLEARML_TASK.hyperparams.properties.NAME.value`, or leaves the section out, as ClearML's templates do, or uses the section Slurm.
 */
export function userPropertyOf(variable: string): string | undefined {
  const [root, first, section = '', ...rest] = variable.split('.');
  if (root !== 'CLEARML_TASK' || first !== 'hyperparams' || rest.at(-1) !== 'value') return undefined;
  if (rest.length === 1) return section;
  return isSection(section) ? rest.slice(0, -1).join('.') : undefined;
}

/**
 * The paths of a field of the task; the first that exists is used. A user property takes precedence over the section Slurm,
 * because a user set it for this run.
 * @param path after `CLEARML_TASK`
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
