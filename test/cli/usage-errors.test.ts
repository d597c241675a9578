// Usage errors: a message, often with a suggestion, and exit code 2.
import { expect } from 'chai';
import { openCli } from './open-cli.ts';

const TEMPLATE = '#!/bin/bash\n#SBATCH -n 1\n${CLEARML_PRE_SETUP}\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n';

describe('the program', () => {
  for (const [args, answer] of [
    [['--quue', 'q'], 'Unknown option --quue. Did you mean --queue?'],
    [['--quiet'], 'Unknown option --quiet.'],
    [['--constructor', 'x'], 'Unknown option --constructor. See clearml-agent-slurm --help.'],
    [['completion', 'constructor'], 'Name a shell: bash, zsh, fish.'],
    [['logs', '--folow'], 'Unknown option --folow. Did you mean --follow?'],
    [['rendr'], 'Unknown command "rendr". Did you mean render?'],
    [['render', '--taks', '1'], 'Unknown option --taks. Did you mean --task?'],
    [['--queue', 'q'], 'No template. Use --template-files'],
    [
      ['--queue', 'a', 'b', '--template-files', 't', 't', 't'],
      '2 queues but 3 template files: name one template for each queue',
    ],
    [['--template-files', 'no.template'], 'no.template does not exist'],
    [['render', '--template-files', 't'], 'render needs a task: give either --task ID or --task-file FILE'],
    [['render', '--template-files', 't', '--task-file', 'no.json'], 'no.json does not exist'],
    [['sandbox', '--port', 'x'], '--port must be an integer'],
    [['--template-files', 't', '--stop', '--detached'], '--detached and --stop are mutually exclusive.'],
    [['--template-files', 't', '--ssh', 'a', '--cluster', 'b'], 'Give either --ssh or --cluster'],
  ] as const) {
    it(`rejects "${args.join(' ')}" with the message "${answer}"`, async () => {
      await using cli = await openCli();
      await cli.write('t', TEMPLATE);

      const { code, stdout, stderr } = await cli.run(...args);

      expect(code, stderr).to.equal(2);
      expect(stdout).to.equal('');
      expect(stderr).to.include(answer);
    });
  }

  it('prints the settings and the next command to run if called without arguments', async () => {
    await using cli = await openCli();
    const { code, stdout, stderr } = await cli.run();

    expect(code).to.equal(2);
    expect(stdout).to.equal('');
    expect(stderr).to.match(/^ClearML server .+\nSlurm .+\nTemplate +none configured\n\nNext: clearml-agent-slurm \w/);
    for (const next of ['init', '--help']) expect(stderr).to.include(`clearml-agent-slurm ${next}`);
  });

  it('treats -v as --version', async () => {
    await using cli = await openCli();
    expect((await cli.run('-v')).stdout).to.equal((await cli.run('--version')).stdout);
  });

  it('accepts two queues as "--queue a b", "--queue a --queue b" and "--queue a,b"', async () => {
    for (const args of [
      ['--queue', 'a', 'b'],
      ['--queue', 'a', '--queue', 'b'],
      ['--queue', 'a,b'],
    ]) {
      await using cli = await openCli();
      const { stdout } = await cli.run('config', 'agent.slurm.queues', '--json', ...args);
      expect(JSON.parse(stdout), args.join(' ')).to.deep.equal(['a', 'b']);
    }
  });

  it('adds and selects a cluster for --ssh jane@login1.example.org', async () => {
    await using cli = await openCli();
    const { stdout } = await cli.run('config', 'agent.slurm', '--json', '--ssh', 'jane@login1.example.org');

    expect(JSON.parse(stdout)).to.deep.include({
      cluster: 'login1.example.org',
      clusters: { 'login1.example.org': { host: 'login1.example.org', user: 'jane', channels: 4 } },
    });
  });

  it('suggests "hpc1" for --cluster hcp1, and rejects an --ssh value that begins with a dash', async () => {
    await using cli = await openCli();
    await cli.write('clearml.conf', 'agent.slurm.clusters { hpc1 { host: login1 } }');

    expect((await cli.run('config', '--cluster', 'hcp1')).stderr).to.contain('did you mean "hpc1"?');
    const { code, stderr } = await cli.run('config', '--ssh=-oProxyCommand=x');
    expect(code).to.equal(78);
    expect(stderr).to.contain('--ssh: ');
  });
});
