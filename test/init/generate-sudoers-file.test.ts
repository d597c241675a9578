// The text of the sudoers file; e2e/user-map installs it with real sudo, and attacks it.
import { expect } from 'chai';
import { formatSudoers } from '../../src/init/generate-sudoers-file.ts';

const FACTS = {
  program: 'clearml-agent-slurm 0.2.0',
  account: 'clearml',
  users: ['alice', 'bob'],
  commands: ['/usr/bin/sbatch', '/usr/bin/scancel'],
  slurmConf: undefined,
};

function rulesOf(text: string): string[] {
  const lines = text.replaceAll('\\\n', '').split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => line.replaceAll(/\s+/g, ' '));
}

describe('the sudoers file', () => {
  it("permits the daemon's user only the given commands as the given users, with fixed values of environment variables", () => {
    expect(rulesOf(formatSudoers({ ...FACTS, slurmConf: '/etc/slurm/a.conf' }))).to.deep.equal([
      'Defaults:clearml env_reset, !setenv, !env_check, !requiretty, !use_pty, !lecture, umask=0022',
      'Defaults:clearml env_keep = "LANG=C.UTF-8 LC_ALL=C.UTF-8 SLURM_TIME_FORMAT=%s SLURM_UMASK=0066 SLURM_UMASK=0067 SLURM_UMASK=0076 SLURM_UMASK=0077 SLURM_CONF=/etc/slurm/a.conf"',
      'clearml ALL = ( alice, bob ) NOPASSWD: NOSETENV: /usr/bin/sbatch, /usr/bin/scancel',
    ]);
  });

  it('treats every name and every path literally', () => {
    const text = formatSudoers({ ...FACTS, users: ['ada@lab.org'], commands: ['/opt/a b,c/sbatch'] });
    expect(rulesOf(text).at(-1)).to.equal('clearml ALL = ( ada\\@lab.org ) NOPASSWD: NOSETENV: /opt/a\\ b\\,c/sbatch');
  });
});
