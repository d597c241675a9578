// The text of the sudoers file; e2e/user-map installs it with real sudo, and attacks it.
import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatSudoers, hasSudoRs } from '../../src/init/generate-sudoers-file.ts';
import { createLocalTransport } from '../../src/transport/local-transport.ts';

const FACTS = {
  program: 'clearml-agent-slurm 0.2.0',
  account: 'clearml',
  users: ['alice', 'bob'],
  commands: ['/usr/bin/sbatch', '/usr/bin/scancel'],
  slurmConf: undefined,
  isSudoRs: false,
};

function rulesOf(text: string): string[] {
  const lines = text.replaceAll('\\\n', '').split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.replaceAll(/\s+/g, ' '));
}

describe('the sudoers file from init', () => {
  it("permits the daemon's user to run only sbatch and scancel, and only as alice and bob", () => {
    expect(rulesOf(formatSudoers({ ...FACTS, slurmConf: '/etc/slurm/a.conf' }))).to.deep.equal([
      'Defaults:clearml env_reset, !setenv, !env_check, !requiretty, !use_pty, !lecture, umask=0022',
      'Defaults:clearml env_keep = "LANG=C.UTF-8 LC_ALL=C.UTF-8 SLURM_TIME_FORMAT=%s SLURM_UMASK=0066 SLURM_UMASK=0067 SLURM_UMASK=0076 SLURM_UMASK=0077 SLURM_CONF=/etc/slurm/a.conf"',
      'clearml ALL = ( alice, bob ) NOPASSWD: NOSETENV: /usr/bin/sbatch, /usr/bin/scancel',
    ]);
  });

  it('omits the setting requiretty for sudo-rs', () => {
    expect(rulesOf(formatSudoers({ ...FACTS, isSudoRs: true }))[0]).to.equal(
      'Defaults:clearml env_reset, !setenv, !env_check, !use_pty, !lecture, umask=0022',
    );
  });

  for (const [version, isSudoRs] of [
    ['sudo-rs 0.2.14', true],
    ['Sudo version 1.9.13p3', false],
    [undefined, false],
  ] as const) {
    it(`${isSudoRs ? 'targets' : 'does not target'} sudo-rs if the host has ${version ?? 'no sudo'}`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'sudoers-'));
      // sh is its only other program.
      const host = createLocalTransport({ path: folder, home: '/', user: 'ann', workingDirectory: '/' });
      try {
        if (version !== undefined)
          writeFileSync(join(folder, 'sudo'), `#!/bin/sh\necho "${version}"\n`, { mode: 0o755 });
        expect(await hasSudoRs(host)).to.equal(isSudoRs);
      } finally {
        await host.close();
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }

  it('escapes special characters in user names and paths', () => {
    const text = formatSudoers({ ...FACTS, users: ['ada@lab.org'], commands: ['/opt/a b,c/sbatch'] });
    expect(rulesOf(text).at(-1)).to.equal('clearml ALL = ( ada\\@lab.org ) NOPASSWD: NOSETENV: /opt/a\\ b\\,c/sbatch');
  });
});
