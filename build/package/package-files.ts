// Collects the files of a package: the built program, its documentation, and a package.json without dependencies.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { buildProgram } from '../bundle.mjs';

export interface PackageFile {
  readonly path: string;
  readonly data: Buffer;
  readonly isExecutable?: boolean;
}

export interface PackageFacts {
  readonly version: string;
  readonly description: string;
  readonly license: string;
}

/** Of package.json, what an installed program needs. */
const KEPT_FIELDS = ['name', 'version', 'description', 'license', 'repository', 'type', 'engines', 'bin', 'man'];

/** As `files` in package.json, without the program, which is built for the package. */
const FOLDERS = ['bin', 'examples', 'docs'];
const LEFT_OUT = ['examples/demo'];
const FILES = ['README.md', 'CHANGELOG.md', 'LICENSE'];

export interface Collected {
  readonly facts: PackageFacts;
  /** Sorted by their paths. */
  readonly files: readonly PackageFile[];
  /** The folders of the packages that were bundled. */
  readonly bundled: readonly string[];
}

/** Builds the program in a temporary directory, so that the `dist` of the checkout stays as it is. */
export async function collectPackage(): Promise<Collected> {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as PackageFacts & Record<string, unknown>;
  const kept = Object.fromEntries(Object.entries(manifest).filter(([name]) => KEPT_FIELDS.includes(name)));
  const folder = mkdtempSync(join(tmpdir(), 'package-'));
  try {
    const dist = join(folder, 'dist');
    const bundled = await buildProgram(dist);
    execFileSync(process.execPath, ['--import', 'tsx', 'build/manual/write-manual.ts', dist]);
    const files = [
      { path: 'package.json', data: Buffer.from(`${JSON.stringify(kept, undefined, 2)}\n`) },
      ...filesIn(dist, folder),
      ...FOLDERS.flatMap((name) => filesIn(name, '.')),
      ...FILES.map((path) => readOne(path, path)),
    ];
    return {
      facts: manifest,
      files: files
        .filter(({ path }) => !LEFT_OUT.some((left) => path.startsWith(`${left}/`)))
        .sort((a, b) => (a.path < b.path ? -1 : 1)),
      bundled,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function filesIn(folder: string, root: string): PackageFile[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => readOne(path, relative(root, path)));
}

function readOne(path: string, name: string): PackageFile {
  return { path: name, data: readFileSync(path), isExecutable: (statSync(path).mode & 0o100) !== 0 };
}
