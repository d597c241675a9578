// `npm run release-check`: runs all tests, makes the packages, and checks that making them again gives the same bytes.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** @param {string[]} args */
function npm(...args) {
  execFileSync('npm', ['run', '--silent', ...args], { stdio: 'inherit' });
}

const changed = execFileSync('git', ['status', '--porcelain'], { encoding: 'utf8' });
if (changed !== '') fail(`Commit first; these files differ from the commit:\n${changed}`);
npm('test:all');
npm('package');
const folder = mkdtempSync(join(tmpdir(), 'release-'));
npm('package', '--', '--output', folder);
const [first, second] = ['packages', folder].map((made) => readFileSync(join(made, 'SHA256SUMS'), 'utf8'));
rmSync(folder, { recursive: true });
if (first !== second) fail(`Two builds differ:\n${first}\n${second}`);
process.stdout.write(`packages/SHA256SUMS:\n${first}`);

/** @param {string} why */
function fail(why) {
  process.stderr.write(`${why}\n`);
  process.exit(1);
}
