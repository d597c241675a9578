// The first start, without arguments and without a template: what was found, and the next command.
import { expect } from 'chai';
import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openCli } from './open-cli.ts';

describe('the program without arguments', () => {
  it('suggests the demo command if no server is configured', async () => {
    await using cli = await openCli({ PATH: '/nowhere' });

    const { code, stderr } = await cli.run();

    expect(code).to.equal(2);
    expect(stderr).to.include('ClearML server  not configured: there is no ~/clearml.conf\n');
    expect(stderr).to.include('Slurm           no sbatch on PATH here');
    expect(stderr).to.include('Template        none configured\n');
    expect(stderr).to.include('\nNext: clearml-agent-slurm demo ');
  });

  it('reports that clearml.conf has no key for the server', async () => {
    await using cli = await openCli({ PATH: '/nowhere' });
    const file = await cli.write('clearml.conf', 'api.api_server: "http://clearml.lab:8008"\n');
    await chmod(file, 0o600);

    const { stderr } = await cli.run();

    expect(stderr).to.include(`ClearML server  http://clearml.lab:8008; ${file} has no key for this server\n`);
  });

  it('suggests the init command if a server is configured', async () => {
    await using cli = await openCli({ PATH: '/nowhere' });
    const keys = 'credentials { access_key: "a", secret_key: "b" }';
    const file = await cli.write('clearml.conf', `api { api_server: "http://clearml.lab:8008", ${keys} }\n`);
    await chmod(file, 0o600);

    expect((await cli.run()).stderr)
      .to.include(`ClearML server  http://clearml.lab:8008 (${file})\n`)
      .and.include('\nNext: clearml-agent-slurm init site --ssh HOST ');
  });

  it('reads ~/clearml.conf even if an old ~/trains.conf exists', async () => {
    await using cli = await openCli({ PATH: '/nowhere' });
    await cli.write('trains.conf', 'api { api_server: "http://old.lab:8008" }\n');
    const keys = 'credentials { access_key: "a", secret_key: "b" }';
    const file = await cli.write('clearml.conf', `api { api_server: "http://clearml.lab:8008", ${keys} }\n`);

    expect((await cli.run()).stderr).to.include(`ClearML server  http://clearml.lab:8008 (${file})\n`);
  });

  it('prints the path of sbatch on this machine', async () => {
    await using cli = await openCli({ PATH: '/nowhere' });
    await mkdir(join(cli.folder, 'bin'));
    await chmod(await cli.write('bin/sbatch', ''), 0o755);
    await using there = await openCli({ PATH: join(cli.folder, 'bin') });

    expect((await there.run()).stderr).to.include(`Slurm           ${join(cli.folder, 'bin/sbatch')}\n`);
  });
});
