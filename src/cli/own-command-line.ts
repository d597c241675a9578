// The command line that starts the program again: it still works after an upgrade, and after Node was replaced by another.
import { accessSync, constants, realpathSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** Set by the launcher of the Python package to its path; no program that we start needs it. */
const LAUNCHER = 'CLEARML_AGENT_SLURM_LAUNCHER';

export type StartedProcess = Pick<NodeJS.Process, 'execPath' | 'execArgv' | 'argv' | 'env'>;

/**
 * Names the launcher if it finds Node by itself, else Node and the program.
 * @param isSingleFile whether Node and the program are one file
 */
export function startedAs(
  { execPath, execArgv, argv: [, program = '', ...args], env }: StartedProcess,
  isSingleFile: boolean,
): string[] {
  if (isSingleFile) return [execPath, ...args];
  const launcher = env[LAUNCHER] ?? '';
  if (isExecutable(launcher)) return [launcher, ...args];
  // The first line of the program starts the first Node of PATH.
  const firstNode = executableOnPath('node', env['PATH'] ?? '');
  const isFirstNode = execArgv.length === 0 && firstNode !== undefined && realPath(firstNode) === realPath(execPath);
  return isFirstNode && isExecutable(program) ? [program, ...args] : [execPath, ...execArgv, program, ...args];
}

function isExecutable(path: string): boolean {
  if (!isAbsolute(path)) return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The path of the first such program in PATH. */
export function executableOnPath(name: string, path: string): string | undefined {
  return path
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
