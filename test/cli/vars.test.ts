// `vars`: every variable, and the variables of a task, without secrets.
import { expect } from 'chai';
import { VARIABLE_FIELDS } from '../../src/sbatch-template/placeholders/variable-fields.ts';
import { listValues, PLAIN_NAMES, TREE_NAMES } from '../../src/sbatch-template/placeholders/variables.ts';
import { parseTemplate } from '../../src/sbatch-template/parse-template.ts';
import { emptyVariables, noBlocks, withBody } from '../sbatch-template/template-fixtures.ts';
import { openCliWithSandbox } from './cli-with-sandbox.ts';
import { openCli } from './open-cli.ts';

const TASK = {
  id: '0123456789abcdef0123456789abcdef',
  name: 'train',
  project: { id: 'p1', name: 'vision' },
  tags: ['a', 'b'],
  container: {
    image: 'docker://python:3.12',
    arguments: '-e HF_TOKEN=hf_verysecret --bind /data',
    setup_shell_script: null,
  },
  hyperparams: {
    Args: { 'opt.lr': { section: 'Args', name: 'opt.lr', value: '0.1', type: 'float' } },
    properties: { api_token: { section: 'properties', name: 'api_token', value: 'topsecret' } },
  },
};

describe('the vars command', () => {
  it('lists each variable with its type and an example, without a server', async () => {
    await using cli = await openCli();

    const { code, stdout } = await cli.run('vars');

    expect(code).to.equal(0);
    expect(stdout).to.match(/^VARIABLE +TYPE +OPTIONAL +EXAMPLE +MEANING\n/);
    expect(stdout).to.match(/^CLEARML_TASK\.container\.image +text +yes +docker:\/\/python:3\.12 +container image/m);
    expect(stdout).to.match(/^CLEARML_TASK\.id +text +no +/m);
    for (const name of [...PLAIN_NAMES, ...TREE_NAMES]) expect(stdout).to.include(`\n${name}`);
  });

  it('prints the list as JSON', async () => {
    await using cli = await openCli();

    const { stdout } = await cli.run('vars', '--json');

    expect(JSON.parse(stdout)).to.deep.equal(VARIABLE_FIELDS);
  });

  it('lists the variables and values of a task file, and masks secrets', async () => {
    await using cli = await openCli();
    await cli.write('task.json', JSON.stringify(TASK));
    await cli.write('clearml.conf', 'agent { git_pass: "pw123456", site: north }');

    const { code, stdout, stderr } = await cli.run('vars', '--task-file', 'task.json', '--queue', 'gpu');

    expect(code, stderr).to.equal(0);
    expect(stdout).to.match(/^CLEARML_QUEUE_NAME +"gpu"$/m);
    expect(stdout).to.match(/^CLEARML_TASK\.hyperparams\.Args\.opt\.lr\.value +"0\.1"$/m);
    expect(stdout).to.match(/^CLEARML_TASK\.tags +"a,b"$/m);
    expect(stdout).to.match(/^CLEARML_TASK\.container\.arguments +"-e HF_TOKEN=\*+ --bind \/data"$/m);
    expect(stdout).to.match(/^CLEARML_TASK\.hyperparams\.properties\.api_token\.value +"\*+"$/m);
    expect(stdout).to.match(/^CLEARML_CONFIG\.agent\.site +"north"$/m);
    expect(stdout).not.to.match(/verysecret|topsecret|pw123456|setup_shell_script|\.type/);
  });

  it('lists the variables and values of a task on the server', async () => {
    await using cli = await openCliWithSandbox();
    const task = await cli.user.makeTask({ name: 'train resnet', properties: { walltime: '01:00:00' } });

    const { code, stdout, stderr } = await cli.run('vars', '--task', task, '--json');

    expect(code, stderr).to.equal(0);
    expect(JSON.parse(stdout)).to.include({
      'CLEARML_TASK.name': 'train resnet',
      'CLEARML_TASK.hyperparams.properties.walltime.value': '01:00:00',
    });
  });

  it('lists each variable with the value that a rendered template contains', () => {
    const variables = { ...emptyVariables, task: TASK, project: { id: 'p1', name: 'vision' }, user: { id: 'u1' } };

    for (const { name, value } of listValues(variables)) {
      const { uses } = parseTemplate(withBody(`echo \${${name}}`), 't.template').render(variables, noBlocks);
      expect(uses[0]?.value, name).to.equal(Array.isArray(value) ? value.join(',') : String(value));
    }
  });
});
