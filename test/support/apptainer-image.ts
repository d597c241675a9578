// Creates a small container image as a directory from this machine's bash and, optionally, its Python.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const PROGRAMS = [
  'bash',
  'sh',
  'cat',
  'env',
  'find',
  'id',
  'ls',
  'mkdir',
  'mktemp',
  'mv',
  'readlink',
  'rm',
  'rmdir',
  'sed',
  'sleep',
  'stat',
  'touch',
  'uname',
];

/** What wheels from PyPI may need of the C library's (PEP 600). */
const OTHER_LIBRARIES = [
  ...['libpthread.so.0', 'libdl.so.2', 'librt.so.1', 'libutil.so.1', 'libm.so.6'],
  ...['libgcc_s.so.1', 'libstdc++.so.6'],
];

/** What an image has beside the programs that every one has. */
export interface ImageOptions {
  /** Python of this machine's version, with neither pip nor anything else installed. */
  readonly hasPython: boolean;
}

/** Makes the image in this folder, which must not be there yet. */
export async function makeImage(folder: string, { hasPython }: ImageOptions): Promise<void> {
  for (const name of [
    'usr/bin',
    'usr/lib',
    'usr/lib64',
    'etc',
    'tmp',
    'var/tmp',
    'root',
    'home',
    'proc',
    'sys',
    'dev',
    'run',
  ]) {
    await mkdir(join(folder, name), { recursive: true });
  }
  for (const name of ['bin', 'lib', 'lib64']) await symlink(`usr/${name}`, join(folder, name));
  await writeFile(join(folder, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/bash\n');
  await writeFile(join(folder, 'etc/group'), 'root:x:0:\n');

  const files = PROGRAMS.map((name) => `/usr/bin/${name}`);
  if (hasPython) files.push('/usr/bin/python3', ...(await copyPython(folder)));
  for (const file of [...files, ...(await librariesOf(files))]) {
    await mkdir(join(folder, dirname(file)), { recursive: true });
    await cp(file, join(folder, file), { dereference: true });
  }
}

/** Gives an image with Python the pip of this virtual environment. */
export async function addPip(image: string, environment: string): Promise<void> {
  const python = join(environment, 'bin/python');
  const program = 'import sysconfig; print(sysconfig.get_path("purelib"))';
  const packages = (await run(python, ['-c', program])).stdout.trim();
  const names = (await readdir(packages)).filter((name) => /^pip(?:-.*)?$/.test(name));
  for (const name of names) {
    await cp(join(packages, name), join(image, 'usr/lib/python3/dist-packages', name), WITH_COMPILED);
  }
}

/**
 * For Python's files. With other times, or without what it has compiled, each Python in a container would compile all of it again, as
 * containers cannot write it.
 */
export const WITH_COMPILED = { recursive: true, preserveTimestamps: true };

/** Copies the standard library, and returns its files that need other libraries. */
async function copyPython(folder: string): Promise<string[]> {
  const program = 'import sysconfig; print(sysconfig.get_path("stdlib"))';
  const library = (await run('/usr/bin/python3', ['-c', program])).stdout.trim();
  await cp(library, join(folder, library), {
    ...WITH_COMPILED,
    filter: (path) => !/\/(?:test|ensurepip|config-[^/]*)$/.test(path),
  });
  const extensions = join(library, 'lib-dynload');
  return (await readdir(extensions)).map((name) => join(extensions, name));
}

/** The shared libraries that these files of this machine need. */
export async function librariesOf(files: readonly string[]): Promise<string[]> {
  const { stdout } = await run('ldd', [...files]);
  const found = new Set(stdout.match(/\/\S+(?= \(0x)/g) ?? []);
  const folder = dirname([...found].find((path) => path.endsWith('/libc.so.6')) ?? '');
  const siblings = OTHER_LIBRARIES.map((name) => join(folder, name)).filter((path) => existsSync(path));
  return [...new Set([...found, ...siblings])];
}
