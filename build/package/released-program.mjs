// Makes test/fixtures/releases/VERSION.tgz from the checkout in the working directory, for the tests of upgrades.
import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const { name, version, license } = JSON.parse(readFileSync('package.json', 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'release-'));
await build({
  stdin: {
    contents: "import { run } from './src/cli/main.ts'; void run(process.argv.slice(2));",
    resolveDir: process.cwd(),
  },
  outfile: join(folder, version, 'dist/cli/main.cjs'),
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20.19',
  minify: true,
  keepNames: true,
  external: ['ssh2', '#demo'],
  banner: { js: "const PROGRAM_URL = require('node:url').pathToFileURL(__filename).href;" },
  define: { 'import.meta.url': 'PROGRAM_URL' },
  preserveSymlinks: true,
});
cpSync('templates', join(folder, version, 'templates'), { recursive: true });
writeFileSync(join(folder, version, 'package.json'), JSON.stringify({ name, version, license }));
const owner = ['--sort=name', '--mtime=@499162500', '--owner=0', '--group=0', '--numeric-owner'];
execFileSync('tar', [...owner, '-C', folder, '-czf', `${version}.tgz`, version]);
rmSync(folder, { recursive: true });
