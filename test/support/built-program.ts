// The built program, for tests that start it as a process: from its sources, each start would take five times as long.
import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Written last of all that a build writes. */
const BUILT = 'dist/man/clearml-agent-slurm.5';

let isKnownToBeNew = false;

/** The file to give to Node. @throws Error if the sources are newer than the build. */
export function builtProgram(): string {
  if (!isKnownToBeNew && builtAt() < lastChange('src'))
    throw new Error('dist is older than src: run `npm run build`, or the tests by `node test/run.mjs`, which does');
  isKnownToBeNew = true;
  return resolve('bin/clearml-agent-slurm.js');
}

function builtAt(): number {
  return statSync(BUILT, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function lastChange(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Math.max(...files.map(({ parentPath, name }) => statSync(join(parentPath, name)).mtimeMs));
}
