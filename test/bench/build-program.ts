// Builds the program as it is published in a temporary directory, so that a `dist` in use does not change.
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runToEnd } from './run-to-end.ts';

export interface BuiltProgram {
  /** The executable. */
  readonly path: string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** @throws if the build fails */
export async function buildProgram(): Promise<BuiltProgram> {
  const folder = await mkdtemp(join(tmpdir(), 'built-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const sources = ['build', 'src', 'bin', 'templates', 'examples/demo', 'test/support', 'test/stand-ins'];
    for (const name of ['package.json', 'tsconfig.json', ...sources])
      await cp(name, join(folder, name), { recursive: true });
    await symlink(resolve('node_modules'), join(folder, 'node_modules'));
    await runToEnd('npm', ['run', '--silent', '--prefix', folder, 'build']);
  } catch (error) {
    await remove();
    throw error;
  }
  return { path: join(folder, 'bin/clearml-agent-slurm.js'), [Symbol.asyncDispose]: remove };
}

/** Bundles one of our TypeScript files with its imports as JavaScript, so that no compiler is measured. */
export async function buildScript(file: string): Promise<BuiltProgram> {
  const folder = await mkdtemp(join(tmpdir(), 'built-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const compilerOptions = { noEmit: false, rootDir: resolve('.'), outDir: folder, types: ['node', 'mocha'] };
    const config = { extends: resolve('tsconfig.json'), compilerOptions, include: [], files: [resolve(file)] };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
    await cp('package.json', join(folder, 'package.json'));
    await symlink(resolve('node_modules'), join(folder, 'node_modules'));
    await runToEnd(process.execPath, [resolve('node_modules/typescript/bin/tsc'), '-p', folder]);
  } catch (error) {
    await remove();
    throw error;
  }
  return { path: join(folder, file.replace(/\.ts$/, '.js')), [Symbol.asyncDispose]: remove };
}
