// The daemon with a cluster behind a real sshd, with both SSH transports, ~/.ssh/config and clearml.conf.
import { expect } from 'chai';
import { chmod, mkdtemp, mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { systemClock } from '../../src/base/clock.ts';
import { createSandbox, type Sandbox } from '../../src/sandbox/server.ts';
import { startStandInCluster, type StandInCluster } from '../stand-ins/slurm/stand-in-cluster.ts';
import { requireRoot, requireSlurm, requireSshd } from '../support/skip-unless.ts';
import { sharedCluster } from '../support/shared-cluster.ts';
import { prepareUserSsh } from '../support/ssh-master.ts';
import { makeKey, startSshd, type TestSshd } from '../support/sshd.ts';
import { openCli, type CliResult, type Cli } from './open-cli.ts';

const TEMPLATE = '#!/bin/bash\n${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n';

describe('the daemon (cluster over SSH)', () => {
  before(requireRoot);
  before(requireSshd);
  before(requireSlurm);

  let folder: string;
  let sandbox: Sandbox;
  let slurm: StandInCluster;
  let sshd: TestSshd;
  let cli: Cli;

  beforeEach(async () => {
    folder = await realpath(await mkdtemp('/tmp/by-ssh-'));
    sandbox = await createSandbox({ port: 0, clock: systemClock });
    slurm = await startStandInCluster({ stateDir: join(folder, 'slurm') });
    await makeKey(join(folder, 'key'));
    sshd = await startSshd([`AuthorizedKeysFile ${folder}/key.pub`]);
    await mkdir(join(folder, 'bin'));
    cli = await openCli({ PATH: join(folder, 'bin'), USER: 'root' });
    await cli.write('t', TEMPLATE);
  });
  afterEach(async () => {
    await sshd[Symbol.asyncDispose]();
    await slurm.close();
    await sandbox.close();
    await cli[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  /** ssh takes the home directory from the system, not from HOME, so -F names the configuration. */
  async function useConfig(file: string): Promise<void> {
    await writeFile(join(folder, 'bin', 'ssh'), `#!/bin/sh\nexec /usr/bin/ssh -F ${file} "$@"\n`, { mode: 0o755 });
  }

  async function writeConfig(...more: readonly string[]): Promise<void> {
    const lines = [
      'Host cluster',
      ...['HostName 127.0.0.1', `Port ${sshd.port}`, 'User root', `IdentityFile ${folder}/key`, 'IdentitiesOnly yes'],
      ...[`UserKnownHostsFile ${folder}/known`, 'GlobalKnownHostsFile none', ...more],
    ];
    await writeFile(join(folder, 'config'), `${lines.join('\n')}\n`);
    await useConfig(join(folder, 'config'));
  }

  async function round(settings: string): Promise<CliResult> {
    await cli.write(
      'clearml.conf',
      `api { api_server: "${sandbox.url}", credentials { access_key: "${sandbox.accessKey}", secret_key: "${sandbox.secretKey}" } }
       agent.slurm { state_dir: ${folder}/state, template_files: [t], queues: [queue]
         clusters { far { host: cluster, slurm_bin_dir: ${slurm.commandsDir}, ${settings} } } }`,
    );
    return cli.run('--once', '--create-queue');
  }

  function expectServed({ code, stderr }: CliResult): void {
    expect(code, stderr).to.equal(0);
    expect(stderr).to.match(/Serving cluster=far /);
  }

  for (const provider of ['ssh2', 'openssh']) {
    it(`with ${provider} does not start if ssh_config has an invalid line`, async () => {
      await writeConfig('ProxyJump gate', 'Foo bar');

      const { code, stderr } = await round(`provider: ${provider}`);
      const doctor = await cli.run('doctor');

      expect(code).to.equal(78);
      const message = `: ${folder}/config: line 10: Bad configuration option: foo;`;
      expect(stderr).to.include(message).and.not.include('Serving');
      expect(doctor.stdout.replaceAll(/\s+/g, ' ')).to.include(message);
      expect(sshd.loginCount()).to.equal(0);
    });
  }

  it('logs once which options of ssh_config the ssh2 transport ignores', async () => {
    await writeConfig('MACs hmac-sha2-512', 'Ciphers aes256-ctr');
    await writeFile(join(folder, 'known'), await readFile(sshd.knownHosts()));

    const served = await round('provider: ssh2');
    const doctor = await cli.run('doctor');

    expectServed(served);
    const message = 'The provider ssh2 ignores Ciphers, MACs in ~/.ssh/config for cluster';
    expect(served.stderr.split(message)).to.have.length(2);
    expect(doctor.stdout.replaceAll(/\s+/g, ' ')).to.include(message);
    expect((await round('provider: openssh')).stderr).not.to.include('ssh2 ignores');
  });

  it('runs tasks on real Slurm with the files that init writes', async () => {
    await writeConfig();
    await writeFile(join(folder, 'known'), await readFile(sshd.knownHosts()));
    const { slurmConf } = await sharedCluster();
    expectServed(await round(`slurm_bin_dir: /usr/bin, slurm_conf: "${slurmConf}"`));

    const conf = relative(process.cwd(), join(cli.folder, 'clearml.conf'));
    const written = await cli.run('init', 'site', '--yes', '--cluster', 'far', '--config-file', conf);

    expect(written.code, written.stderr).to.equal(0);
    const [template = '', settings = '', unit = ''] = written.stdout.trim().split('\n');
    // Not a Slurm job: a node may have no route to this machine.
    expect(unit).to.match(/\.service$/);
    expect(await cli.run('lint', '--strict', template, '--config-file', settings)).to.include({
      code: 0,
      stdout: '',
    });
    expectServed(await cli.run('--once', '--create-queue', '--config-file', settings));
  });

  for (const provider of ['ssh2', 'openssh'] as const) {
    it(`with ${provider} accepts an unknown host key only if host_keys is accept-new`, async () => {
      await writeConfig('StrictHostKeyChecking no');

      const first = await round(`provider: ${provider}`);
      expect(first.code).to.equal(69);
      expect(first.stderr).to.match(/host key/i);
      expect(sshd.log()).not.to.contain('Accepted');

      expectServed(await round(`provider: ${provider}, host_keys: accept-new`));
      expect(await readFile(join(folder, 'known'), 'utf8')).to.contain('ssh-ed25519');
      expectServed(await round(`provider: ${provider}`));

      await sshd.changeHostKey();
      const before = sshd.log();
      const changed = await round(`provider: ${provider}, host_keys: accept-new`);
      expect(changed.code).to.equal(69);
      expect(changed.stderr).to.match(/host key .*has changed|HOST IDENTIFICATION HAS CHANGED/i);
      expect(sshd.log().slice(before.length)).not.to.contain('Accepted');
    });
  }

  it("does not start if other users can change Slurm's commands or configuration on the host", async () => {
    await writeConfig();
    await writeFile(join(folder, 'known'), await readFile(sshd.knownHosts()));
    await chmod(folder, 0o755);
    const loose = join(folder, 'loose');
    await mkdir(loose);
    await chmod(loose, 0o777);

    const programs = await round(`slurm_bin_dir: ${loose}`);
    const doctor = await cli.run('doctor');
    const conf = await round(`slurm_conf: "${loose}/slurm.conf"`);

    const why = `because other users can change it: ${loose} can be written by everybody (mode 777)`;
    expect(programs.code, programs.stderr).to.equal(78);
    expect(programs.stderr).to.include(`The directory ${loose} on `).and.include(why);
    expect(doctor.stdout.replaceAll(/\s+/g, ' '))
      .to.match(/✘ slurm-commands The directory/)
      .and.include(why);
    expect(conf.code, conf.stderr).to.equal(78);
    expect(conf.stderr).to.include(`The configuration ${loose}/slurm.conf`).and.include(why);
  });

  it('does not start if other users can change ~/.ssh/config', async () => {
    await writeConfig();
    await mkdir(join(cli.folder, '.ssh'));
    await chmod(cli.folder, 0o755);
    await chmod(join(cli.folder, '.ssh'), 0o775);

    const { code, stderr } = await round('provider: ssh2');

    expect(code, stderr).to.equal(78);
    expect(stderr).to.include(`${cli.folder}/.ssh/config is refused because other users can change it`);
  });

  describe('with openssh and a jump host', () => {
    let gate: TestSshd;
    beforeEach(async () => {
      gate = await startSshd([`AuthorizedKeysFile ${folder}/key.pub`]);
    });
    afterEach(() => gate[Symbol.asyncDispose]());

    async function configureJumpHost(...more: readonly string[]): Promise<void> {
      const host = ['Host gate', 'HostName 127.0.0.1', `Port ${gate.port}`, 'User root', `IdentityFile ${folder}/key`];
      const known = [`UserKnownHostsFile ${folder}/known-gate`, 'GlobalKnownHostsFile none'];
      await writeConfig('ProxyJump gate', ...host, ...known, ...more);
      await writeFile(join(folder, 'known'), await readFile(sshd.knownHosts()));
    }

    for (const [line, settings] of [
      ['StrictHostKeyChecking no', ''],
      ['StrictHostKeyChecking accept-new', 'host_keys: strict'],
      ['NoHostAuthenticationForLocalhost yes', ''],
    ] as const) {
      it(`does not start if ssh_config has the unsafe option "${line}"${settings === '' ? '' : ` (${settings})`}`, async () => {
        await configureJumpHost(line);

        const { code, stderr } = await round(`provider: openssh, ${settings}`);
        const doctor = await cli.run('doctor');

        expect(code, stderr).to.equal(78);
        const message = `A host key on the route to cluster would not be checked: your ssh configuration sets "${line}" for gate.`;
        expect(stderr).to.include(message);
        expect(doctor.stdout.replaceAll(/\s+/g, ' ')).to.include(message);
        expect(gate.loginCount()).to.equal(0);
      });
    }

    it('serves the cluster only if known_hosts contains the key of the jump host', async () => {
      await configureJumpHost();
      expect((await round('provider: openssh')).code).to.equal(69);
      expect(gate.loginCount()).to.equal(0);
      await writeFile(join(folder, 'known-gate'), await readFile(gate.knownHosts()));
      expectServed(await round('provider: openssh'));
      expect(gate.loginCount()).to.equal(1);

      await chmod(folder, 0o755);
      await chmod(join(folder, 'known-gate'), 0o666);
      const { code, stderr } = await round('provider: openssh');
      expect(code, stderr).to.equal(69);
      expect(stderr).to.include(`The host key of gate cannot be checked: other users can change ${folder}/known-gate`);
      expect(gate.loginCount()).to.equal(1);
    });
  });

  it('uses the existing openssh connection of the user and never logs in (F-16)', async () => {
    const hostKeys = { mode: 'strict' as const, knownHostsFiles: [sshd.knownHosts()] };
    const target = { name: 'cluster', host: '127.0.0.1', port: sshd.port, user: 'root', jumps: [], hostKeys };
    await using ssh = prepareUserSsh({ ...target, identityFiles: [join(folder, 'key')] });
    await useConfig(ssh.config);

    const without = await round('provider: openssh');
    expect(without.code).to.equal(69);
    expect(without.stderr).to.contain('ssh -fNM cluster');
    expect(sshd.log()).not.to.contain('Accepted');

    await ssh.openMaster();
    const logins = sshd.loginCount();
    expectServed(await round('provider: openssh'));
    expect(sshd.loginCount()).to.equal(logins);
  });

  it('with ssh2 does not start if ssh_config has a ProxyCommand', async () => {
    await writeConfig('ProxyCommand nc %h %p');

    const { code, stderr } = await round('provider: ssh2');

    expect(code).to.equal(78);
    expect(stderr).to.contain('~/.ssh/config has a ProxyCommand for cluster').and.to.contain('Set "provider: openssh"');
  });
});
