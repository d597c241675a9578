// `unit`: files with which systemd, cron and Slurm run the daemon with the options of the command line.
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { exampleUnits } from '../../build/docs/example-units.ts';
import { UNIT_FILES, type UnitSite } from '../../src/init/generate-unit-files.ts';
import { openCli } from './open-cli.ts';

const EXAMPLES = new URL('../../examples/units/', import.meta.url);

/** Every character that is special to systemd, cron or a shell. */
const ODD = `a b'"$HOME\\%h#;&`;

/** What sets or implies NoNewPrivileges (systemd.exec(5)), or takes sudo's capabilities away. */
const DISABLES_SUDO =
  /^#?(?:NoNewPrivileges|LockPersonality|MemoryDenyWriteExecute|DynamicUser|PrivateDevices|Protect(?:Clock|Hostname|Kernel\w+)|Restrict\w+|SystemCall\w+|CapabilityBoundingSet)=/m;

const ODD_SITE: UnitSite = {
  command: ['/bin/echo', ODD],
  workingDir: '/',
  variables: { ODD },
  stateDir: '/tmp',
};

describe('the directory examples/units', () => {
  it('equals the output of `npm run docs`', () => {
    const units = exampleUnits();

    expect(readdirSync(EXAMPLES).toSorted()).to.deep.equal(Object.keys(units).toSorted());
    for (const [name, text] of Object.entries(units))
      expect(readFileSync(new URL(name, EXAMPLES), 'utf8'), name).to.equal(text);
  });
});

describe('the unit command', () => {
  it('writes the options and the environment variables into the unit file', async () => {
    await using cli = await openCli({ SLURM_CONF: '/etc/slurm.conf' });
    await cli.write('t', '#!/bin/bash\n${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n');

    const { code, stdout, stderr } = await cli.run(
      'unit',
      'systemd',
      '--queue',
      'gpu',
      '--template-files',
      't',
      '--http',
      '8910',
    );

    expect(code, stderr).to.equal(0);
    expect(stdout).to.include(`WorkingDirectory=${cli.folder}\n`);
    expect(stdout).to.include('Environment=SLURM_CONF=/etc/slurm.conf\n');
    expect(stdout).to.match(/^ExecStart=.*--queue gpu --template-files t --http 8910$/m);
    expect(stdout).to.include('RestartPreventExitStatus=2 73 77 78\n');
  });

  it('writes environment variables such as https_proxy into each unit, but no secrets', async () => {
    const kept = {
      XDG_STATE_HOME: '/scratch/ada/state',
      https_proxy: 'http://proxy:3128',
      no_proxy: 'localhost',
      REQUESTS_CA_BUNDLE: '/etc/ca.pem',
      NODE_EXTRA_CA_CERTS: '/etc/ca.pem',
    };
    const secret = {
      HTTP_PROXY: 'http://ada:pa55word@proxy:3128',
      CLEARML_API_SECRET_KEY: 'secret-key-of-ada',
      CLEARML_AGENT__AGENT__GIT_PASS: 'git-pass-of-ada',
    };
    await using cli = await openCli({ ...kept, ...secret });
    await cli.write('t', '#!/bin/bash\n${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n');

    for (const kind of ['systemd', 'cron', 'scrontab', 'slurm-job']) {
      const { code, stdout, stderr } = await cli.run('unit', kind, '--queue', 'gpu', '--template-files', 't');

      expect(code, stderr).to.equal(0);
      for (const [name, value] of Object.entries(kept)) expect(stdout, kind).to.include(`${name}=${value}`);
      expect(stdout, kind).to.include('/scratch/ada/state/clearml-agent-slurm');
      expect(stderr).to.include(
        ': CLEARML_API_SECRET_KEY, CLEARML_AGENT__AGENT__GIT_PASS, HTTP_PROXY. Put the settings',
      );
      for (const value of Object.values(secret)) expect(stdout + stderr, kind).to.not.include(value);
    }
  });

  it('writes the absolute path of a relative state directory into a crontab', async () => {
    await using cli = await openCli();
    await cli.write('t', '#!/bin/bash\n${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n');

    const { stdout, stderr } = await cli.run('unit', 'cron', '--template-files', 't', '--state-dir', 'state');

    expect(stdout, stderr).to.match(
      /^\*\/2 \* \* \* \* mkdir -p -m 700 (\S+)\/state && cd \1 && .* >> \1\/state\/daemon\.log 2>&1$/m,
    );
  });

  it('hardens the systemd service, but omits MemoryDenyWriteExecute, UMask and PrivateTmp', () => {
    const unit = UNIT_FILES.systemd(ODD_SITE);

    expect(unit)
      .to.match(/^NoNewPrivileges=yes$/m)
      .and.match(/^SystemCallFilter=@system-service$/m);
    expect(unit).to.match(/^#ReadWritePaths=\/tmp$/m);
    expect(unit).not.to.match(/^#?(MemoryDenyWriteExecute|UMask)=|^PrivateTmp=/m);
  });

  it('with user_map comments out the systemd directives that would disable sudo', async () => {
    await using cli = await openCli();
    await cli.write('t', '#!/bin/bash\n${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n');
    const conf = await cli.write('c.conf', 'agent.slurm.user_map { default: guest }\n');

    const options = ['--queue', 'gpu', '--template-files', 't', '--config-file', conf];
    const { stdout, stderr } = await cli.run('unit', 'systemd', ...options);

    expect(stdout, stderr).to.match(/^# agent\.slurm\.user_map needs sudo/m);
    expect(stdout).to.match(/^#ProtectSystem=strict$/m);
    expect(stdout).not.to.match(DISABLES_SUDO);
  });

  it('rejects an unknown kind of unit and lists the supported kinds', async () => {
    await using cli = await openCli();

    const { code, stderr } = await cli.run('unit', 'sytemd');

    expect(code).to.equal(2);
    expect(stderr).to.include('Unknown kind "sytemd": use systemd, cron, scrontab, slurm-job. Did you mean systemd?');
  });

  it('fails and prints no unit if the daemon would reject the configuration', async () => {
    await using cli = await openCli();

    expect(await cli.run('unit', 'cron', '--template-files', 'none')).to.deep.include({ code: 2, stdout: '' });
  });

  it('quotes each argument for systemd', () => {
    const unit = UNIT_FILES.systemd(ODD_SITE);

    expect(unit).to.include(`ExecStart=/bin/echo "a b'\\"$$HOME\\\\%%h#;&"\n`);
    expect(unit).to.include(`Environment="ODD=a b'\\"$HOME\\\\%%h#;&"\n`);
  });

  it('quotes each argument for cron, and escapes percent signs', () => {
    const line = /^\*\/2 \* \* \* \* (.*) >> /m.exec(UNIT_FILES.cron(ODD_SITE))?.[1] ?? '';

    expect(line).to.not.match(/(?<!\\)%/);
    expect(execFileSync('sh', ['-c', line.replaceAll('\\%', '%')]).toString()).to.equal(`${ODD} --once\n`);
  });

  it('creates the state directory with mkdir in systemd, scrontab and slurm-job units', () => {
    for (const kind of ['systemd', 'scrontab', 'slurm-job'] as const)
      expect(UNIT_FILES[kind]({ ...ODD_SITE, stateDir: '/home/a b' }), kind).to.include("mkdir -p -m 700 '/home/a b'");
  });

  it('writes a job script that exits with the exit code of the daemon', () => {
    const script = UNIT_FILES['slurm-job']({ ...ODD_SITE, command: ['/bin/sh', '-c', 'echo "$0"; exit 7', ODD] });

    let ended: { status?: number; stdout?: Buffer } = {};
    try {
      execFileSync('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'pipe'] });
    } catch (error) {
      ended = error as typeof ended;
    }
    expect(ended.status).to.equal(7);
    expect(String(ended.stdout)).to.equal(`${ODD}\n`);
  });
});
