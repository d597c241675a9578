// `properties`: lists the user properties that a template uses, and sets them on a task.
import { expect } from 'chai';
import { openCliWithSandbox } from './cli-with-sandbox.ts';
import { openCli } from './open-cli.ts';

const TEMPLATE = `#!/bin/bash
#SBATCH --partition=\${CLEARML_TASK.hyperparams.properties.partition.value:debug}
#SBATCH --nodes=\${CLEARML_TASK.hyperparams.num_nodes.value:1}
#SBATCH --account=\${CLEARML_TASK.hyperparams.Properties.account.value}
#SBATCH --comment=\${CLEARML_TASK.hyperparams.Args.lr.value:0.1}
\${CLEARML_PRE_SETUP}
echo "\${CLEARML_TASK.hyperparams.properties.num_nodes.value} \${CLEARML_TASK.name}"
\${CLEARML_AGENT_EXECUTE}
\${CLEARML_POST_SETUP}
`;

describe('the properties command', () => {
  it('lists each property with its default, its sbatch option and its lines in the template', async () => {
    await using cli = await openCli();
    await cli.write('gpu.template', TEMPLATE);

    const { code, stdout } = await cli.run('properties', 'gpu.template');

    expect(code).to.equal(0);
    expect(stdout).to.equal(
      [
        'PROPERTY   DEFAULT  SETS                 WHERE',
        'partition  debug    --partition          gpu.template:2',
        'num_nodes  1        --nodes, the script  gpu.template:3,7',
        'account    -        --account            gpu.template:4',
        '',
      ].join('\n'),
    );
  });

  it('prints the list as Markdown and as JSON', async () => {
    await using cli = await openCli();
    await cli.write('gpu.template', TEMPLATE);

    const markdown = await cli.run('properties', '--markdown', 'gpu.template');
    const json = await cli.run('properties', '--json', 'gpu.template');

    expect(markdown.stdout).to.include('| `num_nodes` | `1` | --nodes, the script | gpu.template:3,7 |\n');
    expect(markdown.stdout).to.include(
      '| `account` | none: a task must set the property | --account | gpu.template:4 |\n',
    );
    expect(JSON.parse(json.stdout)).to.deep.include({
      file: 'gpu.template',
      name: 'partition',
      fallback: 'debug',
      uses: [{ line: 2, option: '--partition', isWhole: true }],
    });
  });

  it('lists the constraints of the queue in the configuration', async () => {
    await using cli = await openCli();
    await cli.write('gpu.template', TEMPLATE);
    await cli.write(
      'clearml.conf',
      'agent.slurm.queues.gpu { template = gpu.template, properties { num_nodes { max = 8 }, account = false } }',
    );

    const { stdout } = await cli.run('properties');

    expect(stdout.replaceAll(`${cli.folder}/`, '')).to.equal(
      [
        'PROPERTY   DEFAULT  TAKES             SETS                 WHERE',
        'partition  debug    anything          --partition          gpu.template:2',
        'num_nodes  1        at most 8         --nodes, the script  gpu.template:3,7',
        'account    -        only the default  --account            gpu.template:4',
        '',
      ].join('\n'),
    );
  });

  it('with --task adds each missing property to the task, with its default', async () => {
    await using cli = await openCliWithSandbox();
    await cli.write('gpu.template', TEMPLATE);
    const task = await cli.user.makeTask({ properties: { num_nodes: '4', mine: 'x' } });

    const first = await cli.run('properties', 'gpu.template', '--task', task);
    const second = await cli.run('properties', 'gpu.template', '--task', task);

    expect(first.stdout).to.equal(
      [
        'partition: set to "debug"',
        'num_nodes: already set, so not changed',
        'account: not set, because it has no default; set it yourself',
        '',
      ].join('\n'),
    );
    expect(second.stdout).to.match(/^partition: already set, so not changed\n/);
    const { hyperparams } = await cli.user.look(task);
    expect(hyperparams['properties']).to.have.keys('partition', 'num_nodes', 'mine');
    expect(hyperparams['properties']?.['num_nodes']?.value).to.equal('4');
    expect(hyperparams['properties']?.['partition']?.value).to.equal('debug');
  });

  it('exits with code 2 if the task of --task does not exist', async () => {
    await using cli = await openCliWithSandbox();
    await cli.write('gpu.template', TEMPLATE);

    const { code, stderr } = await cli.run('properties', 'gpu.template', '--task', 'f'.repeat(32));

    expect(code).to.equal(2);
    expect(stderr).to.match(/Task f{32} not found on http:/);
  });
});
