// `npm run package`: makes all packages in packages/, with their digests, licenses and bill of materials.
// Arguments choose what is made: npm, wheel, x64, arm64; by default all. --output DIR writes into another directory, which is replaced
// if it has packages, and must be empty otherwise.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { licenses } from '../bundle.mjs';
import { collectPackage } from './package-files.ts';
import { makeSbom } from './sbom.ts';
import { ARCHITECTURES } from './node-binaries.ts';
import { makeSingleFile, nodeLicense, NODE_VERSION } from './single-file.ts';
import { makeTarball } from './tarball.ts';
import { makeWheel } from './wheel.ts';

const KINDS = ['npm', 'wheel', ...ARCHITECTURES];

const { values, positionals: wanted } = parseArgs({
  options: { output: { type: 'string', default: 'packages' } },
  allowPositionals: true,
});
const { output } = values;
const unknown = wanted.find((kind) => !KINDS.includes(kind));
if (unknown !== undefined) {
  process.stderr.write(`Unknown package ${unknown}: use ${KINDS.join(', ')}\n`);
  process.exit(2);
}
const isWanted = (kind: string): boolean => wanted.length === 0 || wanted.includes(kind);

const old = existsSync(output) ? readdirSync(output) : [];
if (old.length > 0 && !old.includes('SHA256SUMS')) {
  process.stderr.write(`${output} has files, but no packages (SHA256SUMS): name an empty directory, or delete it\n`);
  process.exit(2);
}
rmSync(output, { recursive: true, force: true });
mkdirSync(output);
const { facts, files, bundled } = await collectPackage();
const made: string[] = [];

function write(name: string, data: string | Buffer): void {
  writeFileSync(join(output, name), data);
  made.push(name);
}

for (const { path, data } of [
  ...(isWanted('npm') ? [makeTarball(facts, files)] : []),
  ...(isWanted('wheel') ? [makeWheel(facts, files)] : []),
  makeSbom(facts, bundled, NODE_VERSION),
])
  write(path, data);
const architectures = ARCHITECTURES.filter(isWanted);
for (const architecture of architectures) {
  const name = `clearml-agent-slurm-${facts.version}-linux-${architecture}`;
  await makeSingleFile(architecture, join(output, name));
  made.push(name);
}
write('LICENSES', [licenses(bundled), ...(architectures.length === 0 ? [] : [`node\n\n${nodeLicense()}`])].join('\n'));
write('SHA256SUMS', made.map((name) => `${digest(name)}  ${name}\n`).join(''));
process.stdout.write(made.map((name) => `${join(output, name)}\n`).join(''));

function digest(name: string): string {
  return createHash('sha256')
    .update(readFileSync(join(output, name)))
    .digest('hex');
}
