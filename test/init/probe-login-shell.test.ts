// The facts of the login node's shell, read from output with other text, and the modules that provide Python or containers.
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { isHomeShared, moduleFor, parseShellFacts, SHELL_PROBE_SCRIPT } from '../../src/init/probe-login-shell.ts';
import { BARE_SHELL } from './site-fixture.ts';

/** Output of Lmod and of Environment Modules, joined. */
const MODULES =
  'Python/3.9.6-GCCcore-11.2.0 Python/3.11.3-GCCcore-12.3.0(default) python/ apptainer/1.3.4 apptainer/1.4.1 python-x/$(id)';

describe("init's probe of the login shell", () => {
  it('ignores output of the login profile, and rejects truncated output', () => {
    const text = `Welcome!\ninit:python=3.9\ninit:containers=singularity\ninit:containers=apptainer\ninit:home=/home/ada\ninit:homefs=nfs\ninit:network=https_proxy PIP_CERT\ninit:hasmodules=yes\ninit:modules=${MODULES}\ninit:end=\n`;

    expect(parseShellFacts(text)).to.deep.equal({
      python: '3.9',
      containers: 'apptainer',
      home: '/home/ada',
      homeFileSystem: 'nfs',
      hasModules: true,
      modules: ['Python/3.11.3-GCCcore-12.3.0', 'apptainer/1.4.1'],
      networkVariables: ['https_proxy', 'PIP_CERT'],
    });
    expect(parseShellFacts(text.replace('init:end=', ''))).to.deep.equal(parseShellFacts('init:end='));
  });

  it('finds Python, the home directory and the modules in a real shell', () => {
    const modules = 'module() { printf "%s\\n" /apps: miniforge3/24.1 singularity-ce/4.1 gcc/12 >&2; }\n';
    const answer = execFileSync('bash', ['-s'], { input: modules + SHELL_PROBE_SCRIPT, encoding: 'utf8' });

    const survey = parseShellFacts(answer);

    expect(survey.python).to.match(/^3\.\d+$/);
    expect(survey.home).to.equal(process.env['HOME']);
    expect(survey.homeFileSystem).to.match(/\S/);
    expect(survey.modules).to.deep.equal(['miniforge3/24.1', 'singularity-ce/4.1']);
  });

  it('reports the names of proxy variables, but never their values', () => {
    const env = {
      PATH: process.env['PATH'],
      https_proxy: 'http://ada:secret@proxy:3128',
      PIP_CERT: '/etc/ca.pem',
      http_proxy: '',
    };
    const answer = execFileSync('bash', ['-s'], { input: SHELL_PROBE_SCRIPT, encoding: 'utf8', env });

    expect(parseShellFacts(answer).networkVariables).to.deep.equal(['https_proxy', 'PIP_CERT']);
    expect(answer).not.to.include('secret');
  });

  it('chooses the module miniforge3/24.1 for Python, and singularity-ce/4.1 for containers', () => {
    const survey = { ...BARE_SHELL, modules: ['miniforge3/24.1', 'singularity-ce/4.1'] };

    expect(moduleFor('python', survey)).to.equal('miniforge3/24.1');
    expect(moduleFor('containers', survey)).to.equal('singularity-ce/4.1');
    expect(moduleFor('containers', BARE_SHELL)).to.equal(undefined);
  });

  for (const [kind, isShared] of [
    ['nfs', true],
    ['lustre', true],
    ['gpfs', true],
    ['ext2/ext3', false],
    ['xfs', false],
    ['overlayfs', false],
    [undefined, false],
  ] as const) {
    it(`treats a home directory on ${kind ?? 'an unknown file system'} as ${isShared ? 'shared' : 'local'}`, () => {
      expect(isHomeShared({ ...BARE_SHELL, homeFileSystem: kind })).to.equal(isShared);
    });
  }
});
