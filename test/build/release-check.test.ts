// `npm run release-check`, before it runs any test.
import { expect } from 'chai';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

describe('npm run release-check', () => {
  it('refuses to run if the checkout has uncommitted changes', () => {
    const checkout = mkdtempSync(join(tmpdir(), 'uncommitted-'));
    try {
      const env = environmentOfNoOtherCheckout();
      execFileSync('git', ['init', '--quiet', checkout], { env });
      writeFileSync(join(checkout, 'package.json'), '{}');
      const check = resolve('build/package/release-check.mjs');
      const { status, stderr } = spawnSync(process.execPath, [check], { cwd: checkout, env, encoding: 'utf8' });
      expect(stderr).to.equal('Commit first; these files differ from the commit:\n?? package.json\n\n');
      expect(status).to.equal(1);
    } finally {
      rmSync(checkout, { recursive: true });
    }
  });
});

/** A git hook sets GIT_DIR, and a user's settings may hide new files. */
function environmentOfNoOtherCheckout(): NodeJS.ProcessEnv {
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_'));
  return { ...Object.fromEntries(others), GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' };
}
