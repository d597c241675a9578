// Makes the single file: Node's executable with the program inside (Node.js, Single executable applications).
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildSingleScript } from '../bundle.mjs';
import { ARCHITECTURES, nodeBinary, type Architecture } from './node-binaries.ts';

/** The newest release with long-term support. */
export const NODE_VERSION = '24.22.3';

/** Names in Node's executable, under which it looks for a program. */
const RESOURCE = 'NODE_SEA_BLOB';
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

/** Writes the file for this architecture. Only Node for the architecture of this machine runs here, and prepares the program for all. */
export async function makeSingleFile(architecture: Architecture, outfile: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'single-file-'));
  try {
    await buildSingleScript(join(folder, 'main.cjs'));
    // The paths go into the bytes, so they are relative. No code cache: it would need a Node of the same architecture.
    const config = { main: 'main.cjs', output: 'program.blob', disableExperimentalSEAWarning: true };
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
    runQuietly(nodeBinary(NODE_VERSION, hostArchitecture()), ['--experimental-sea-config', 'config.json'], folder);

    copyFileSync(nodeBinary(NODE_VERSION, architecture), outfile);
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

/** The license of Node and of what it contains. */
export function nodeLicense(): string {
  return readFileSync(join(nodeBinary(NODE_VERSION, hostArchitecture()), '../../LICENSE'), 'utf8');
}
