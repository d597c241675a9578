// `npm run release-check`, before it runs any test.
import { expect } from 'chai';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

describe('npm run release-check', () => {
  it('refuses uncommitted changes, which the packages would contain but the tag would not', () => {
    const checkout = mkdtempSync(join(tmpdir(), 'uncommitted-'));
    try {
      execFileSync('git', ['init', '--quiet', checkout]);
      writeFileSync(join(checkout, 'package.json'), '{}');
      const check = resolve('build/package/release-check.mjs');
      const { status, stderr } = spawnSync(process.execPath, [check], { cwd: checkout, encoding: 'utf8' });
      expect(stderr).to.equal('Commit first; these files differ from the commit:\n?? package.json\n\n');
      expect(status).to.equal(1);
    } finally {
      rmSync(checkout, { recursive: true });
    }
  });
});
