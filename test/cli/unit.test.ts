// `unit`: files that run the daemon as it was typed, in the words of systemd, cron and Slurm.
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { exampleUnits } from '../../build/example-units.ts';
import { UNIT_FILES, type UnitSite } from '../../src/init/unit-files.ts';
import { here } from './run-here.ts';

const EXAMPLES = new URL('../../examples/units/', import.meta.url);

/** Every character that one of the readers would take for its own. */
const ODD = `a b'"$HOME\\%h#;&`;

const ODD_SITE: UnitSite = {
  command: ['/bin/echo', ODD],
  workingDir: '/',
  variables: { ODD },
  stateDir: '/tmp',
};

describe('examples/units', () => {
  it('are what `npm run docs` writes', () => {
    const units = exampleUnits();

    expect(readdirSync(EXAMPLES).toSorted()).to.deep.equal(Object.keys(units).toSorted());
    for (const [name, text] of Object.entries(units))
      expect(readFileSync(new URL(name, EXAMPLES), 'utf8'), name).to.equal(text);
  });
});

describe('unit', () => {
  it('puts the options into the command, and the variables that a service does not have', async () => {
    await using place = await here({ SLURM_CONF: '/etc/slurm.conf' });
    await place.write('t', '#!/bin/bash\n${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n');

    const { code, stdout, stderr } = await place.run('unit', 'systemd', '--queue', 'gpu', '--template-files', 't');

    expect(code, stderr).to.equal(0);
    expect(stdout).to.include(`WorkingDirectory=${place.folder}\n`);
    expect(stdout).to.include('Environment=SLURM_CONF=/etc/slurm.conf\n');
    expect(stdout).to.match(/^ExecStart=.*--queue gpu --template-files t$/m);
    expect(stdout).to.include('RestartPreventExitStatus=2 73 77 78\n');
  });

  it('takes from the service what the daemon never needs, but for what Node, ssh-agents and the umask of jobs need', () => {
    const unit = UNIT_FILES.systemd(ODD_SITE);

    expect(unit)
      .to.match(/^NoNewPrivileges=yes$/m)
      .and.match(/^SystemCallFilter=@system-service$/m);
    expect(unit).to.match(/^#ReadWritePaths=\/tmp$/m);
    expect(unit).not.to.match(/^#?(MemoryDenyWriteExecute|UMask)=|^PrivateTmp=/m);
  });

  it('rejects an unknown kind and lists the known ones', async () => {
    await using place = await here();

    const { code, stderr } = await place.run('unit', 'sytemd');

    expect(code).to.equal(2);
    expect(stderr).to.include('Unknown kind "sytemd": use systemd, cron, scrontab, slurm-job. Did you mean systemd?');
  });

  it('is printed only for what can be served', async () => {
    await using place = await here();

    expect(await place.run('unit', 'cron', '--template-files', 'none')).to.deep.include({ code: 2, stdout: '' });
  });

  it('keeps every word one word for systemd', () => {
    const unit = UNIT_FILES.systemd(ODD_SITE);

    expect(unit).to.include(`ExecStart=/bin/echo "a b'\\"$$HOME\\\\%%h#;&"\n`);
    expect(unit).to.include(`Environment="ODD=a b'\\"$HOME\\\\%%h#;&"\n`);
  });

  it('keeps every word one word for cron, which has its own use for the percent sign', () => {
    const line = /^\*\/2 \* \* \* \* (.*) >> /m.exec(UNIT_FILES.cron(ODD_SITE))?.[1] ?? '';

    expect(line).to.not.match(/(?<!\\)%/);
    expect(execFileSync('sh', ['-c', line.replaceAll('\\%', '%')]).toString()).to.equal(`${ODD} --once\n`);
  });

  it('tells to make the folder that Slurm writes the output to, where Slurm would make none', () => {
    for (const kind of ['scrontab', 'slurm-job'] as const)
      expect(UNIT_FILES[kind]({ ...ODD_SITE, stateDir: '/home/a b' }), kind).to.include("mkdir -p -m 700 '/home/a b'");
  });

  it('is a job script that runs the daemon, and ends with its exit code', () => {
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
