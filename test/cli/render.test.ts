// `render`: prints only the script to stdout, and nothing to stdout after an error.
import { expect } from 'chai';
import { openCli, type Cli } from './open-cli.ts';

const TEMPLATE = `#!/bin/bash
#SBATCH --nodes=\${CLEARML_TASK.hyperparams.properties.num_nodes.value:1}
#SBATCH --comment=\${CLEARML_TASK.name}
\${CLEARML_PRE_SETUP}
\${CLEARML_AGENT_EXECUTE}
\${CLEARML_POST_SETUP}
`;

const TASK = {
  id: '0123456789abcdef0123456789abcdef',
  name: 'a "name" with $(blanks)',
  hyperparams: { properties: { num_nodes: { section: 'properties', name: 'num_nodes', value: '2' } } },
};

const RENDER = ['render', '--template-files', 't.template', '--task-file', 'task.json'];

async function withFiles(template = TEMPLATE, task: unknown = TASK): Promise<Cli> {
  const cli = await openCli();
  await cli.write('t.template', template);
  await cli.write('task.json', JSON.stringify(task));
  return cli;
}

describe('the render command', () => {
  for (const [title, task] of [
    ['the complete task', TASK],
    ['a tasks.get_by_id response', { meta: { result_code: 200 }, data: { task: TASK } }],
    ['the "data" object of a tasks.get_by_id response', { task: TASK }],
  ] as const) {
    it(`with --task-file needs no server if the file contains ${title}`, async () => {
      await using cli = await withFiles(TEMPLATE, task);

      const { code, stdout, stderr } = await cli.run(...RENDER);

      expect(code, stderr).to.equal(0);
      expect(stdout).to.match(
        /^#!\/bin\/bash\n#SBATCH --nodes=2\n#SBATCH --comment="a \\"name\\" with \$\(blanks\)"\n/,
      );
      expect(stderr).to.equal('');
    });
  }

  it('rejects a task file with the id "my-task", and describes a valid id', async () => {
    await using cli = await withFiles(TEMPLATE, { ...TASK, id: 'my-task' });

    const { code, stdout, stderr } = await cli.run(...RENDER);

    expect(code, stderr).to.equal(2);
    expect(stdout).to.equal('');
    expect(stderr).to.include('The "id" of the task must be a task id of 32 lower-case hex digits, not "my-task".');
  });

  it('with --origins prints the origin of each value on stderr', async () => {
    await using cli = await withFiles(TEMPLATE, { ...TASK, hyperparams: {} });

    const { stderr } = await cli.run(...RENDER, '--origins');

    expect(stderr).to.match(/^2 +CLEARML_TASK\.hyperparams\.properties\.num_nodes\.value +default +1$/m);
    expect(stderr).to.match(/^3 +CLEARML_TASK\.name +task +/m);
  });

  for (const [title, template, finding] of [
    [
      'a placeholder without a value',
      TEMPLATE.replace(':1}', '}').replace('num_nodes', 'nodez'),
      /t\.template:2:\d+: .*nodez/,
    ],
    [
      'an unknown filter',
      TEMPLATE.replace('CLEARML_TASK.name', 'CLEARML_TASK.name|upper'),
      /t\.template:3:\d+: .*upper/,
    ],
    ['a missing block', TEMPLATE.replace('${CLEARML_POST_SETUP}\n', ''), /t\.template:.*CLEARML_POST_SETUP/],
    ['a job array', TEMPLATE.replace('--nodes=', '--array=1-'), /t\.template:2:\d+: --array: one task is one job/],
    ['DOS line ends', TEMPLATE.replaceAll('\n', '\r\n'), /t\.template:1:/],
  ] as const) {
    it(`exits with code 78 and prints the position of the problem: ${title}`, async () => {
      await using cli = await withFiles(template);

      const { code, stdout, stderr } = await cli.run(...RENDER);

      expect(code, stderr).to.equal(78);
      expect(stdout).to.equal('');
      expect(stderr).to.match(finding);
    });
  }
});
