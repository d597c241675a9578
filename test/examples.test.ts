// The files in examples/: the configuration loads and shows the true defaults, and each template renders to a script.
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { loadConfig, type Config } from '../src/config/load-config.ts';
import { settingRows } from '../src/config/schema/settings-rows.ts';
import { renderBlocks } from '../src/sbatch-template/job-script/render-blocks.ts';
import { parseTemplate } from '../src/sbatch-template/parse-template.ts';

const EXAMPLES = new URL('../examples/', import.meta.url);

const templates = readdirSync(EXAMPLES).filter((name) => name.endsWith('.template'));
const ofWorkflows = readdirSync(new URL('workflows', EXAMPLES), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.template'))
  .map((name) => `workflows/${name}`);

function read(name: string): string {
  return readFileSync(new URL(name, EXAMPLES), 'utf8');
}

function load(conf: string): Config {
  return loadConfig({
    environment: {},
    homeDir: '/home/ada',
    commandLine: {},
    readFile: (path) => (path === '/home/ada/clearml.conf' ? conf : undefined),
  });
}

describe('docs/workflows.md', () => {
  const page = readFileSync(new URL('../docs/workflows.md', EXAMPLES), 'utf8');

  for (const name of readdirSync(new URL('workflows', EXAMPLES)))
    it(`links to the workflow "${name}", and states how long the test of the workflow takes`, () => {
      expect(page).to.include(`| [${name}](../examples/workflows/${name}/README.md) |`);
      expect(page).to.match(new RegExp(`^\\| ${name}(?:, [^|]*)? \\| \\d+ \\| (?:about )?\\d+`, 'm'));
    });
});

describe('examples/clearml.conf', () => {
  const text = read('clearml.conf');
  /** A setting with its default follows a single `#`; a sentence begins with a capital letter. */
  const withAll = text.replaceAll(/^( *)# (?=[a-z_]+: )/gm, '$1');

  it('can be loaded, and names only templates that exist in examples/', () => {
    const { queues, slurm } = load(text).settings;
    const { templateFiles } = slurm;

    expect(queues).to.have.length(templateFiles.length);
    for (const path of templateFiles) expect(templates).to.include(path.replace('/home/ada/', ''));
  });

  it('names every setting of agent.slurm, except those of clusters, queues and job credentials', () => {
    const named = [...withAll.matchAll(/^ *([a-z_]+)(?:: | \{)/gm)].map(([, name = '']) => name);
    const known = settingRows().map(({ name }) => name);
    const elsewhere = /^(job_credentials\..*|cluster|clusters|clusters\..*|queues\..*)$/;

    expect(named).to.have.members(known.filter((name) => !elsewhere.test(name)).map((name) => name.split('.').at(-1)));
  });

  it('shows the default of each setting', () => {
    const shown = load(withAll);
    const effective = load('');

    for (const { name, fallback } of settingRows()) {
      if (fallback === undefined || name === 'queues' || name === 'template_files') continue;
      expect(valueAt(shown, name), name).to.deep.equal(valueAt(effective, name));
    }
    expect(valueAt(shown, 'state_dir')).to.equal(valueAt(effective, 'state_dir'));
  });

  function valueAt({ tree }: Config, name: string): unknown {
    return ['agent', 'slurm', ...name.split('.')].reduce<unknown>(
      (node, key) => (typeof node === 'object' && node !== null ? Reflect.get(node, key) : undefined),
      tree,
    );
  }
});

describe('examples/clusters.clearml.conf', () => {
  it('can be loaded, and gives each queue a cluster and a template in examples/', () => {
    const { clusters, queues } = load(read('clusters.clearml.conf')).settings;

    expect(clusters.map(({ name, ssh }) => [name, ssh?.provider])).to.deep.equal([
      ['lab', undefined],
      ['uni', 'ssh2'],
      ['hpc', 'openssh'],
    ]);
    expect(new Set(queues.map(({ cluster }) => cluster))).to.have.property('size', 3);
    for (const { template } of queues) expect(templates).to.include(template?.replace('/home/ada/', ''));
  });
});

describe('the templates in examples/', () => {
  it('include templates for conda, modules, several nodes, Singularity and both forms of Pyxis', () => {
    expect(templates).to.have.members([
      'slurm.example.template',
      'slurm.example_singularity.template',
      'slurm.example_pyxis.template',
      'slurm.example_pyxis-srun.template',
      'conda.template',
      'modules.template',
      'gpu.template',
      'cpu.template',
      'multi-node.template',
    ]);
  });

  for (const name of [...templates, ...ofWorkflows]) {
    it(`render to a valid bash script with and without user properties: ${name}`, () => {
      for (const properties of [{}, { num_nodes: { value: '3' } }]) {
        const script = render(name, {
          id: '0123456789abcdef0123456789abcdef',
          name: "it's",
          hyperparams: { properties },
        });

        execFileSync('bash', ['-n'], { input: script });
        expect(script).not.to.match(/\$\{CLEARML_(?:(?:TASK|USER|CONFIG)\.|QUEUE_|PROJECT_|PRE_|AGENT_EXECUTE|POST_)/);
      }
    });
  }

  it('have comments whose commands name only existing templates', () => {
    for (const name of templates) {
      const [, command = ''] = /^# +clearml-agent-slurm .*--template-files (.*) --queue/m.exec(read(name)) ?? [];

      for (const file of command.split(' ').filter((word) => word !== '')) expect(templates, name).to.include(file);
    }
  });

  function render(name: string, task: Readonly<Record<string, unknown>>): string {
    const blocks = renderBlocks({
      taskId: '0123456789abcdef0123456789abcdef',
      jobName: 'clearml_task_0123456789abcdef0123456789abcdef-x',
      schedulerQueueId: 'fedcba9876543210fedcba9876543210',
      queueId: 'abcdef0123456789abcdef0123456789',
      agentVersion: '3.0.3',
      workerPrefix: 'login1:slurm',
    });
    const variables = {
      queueName: 'q',
      queueId: 'q1',
      workerId: 'login1:slurm',
      task,
      project: {},
      user: {},
      config: {},
    };
    return parseTemplate(read(name), name).render(variables, blocks).script;
  }
});
