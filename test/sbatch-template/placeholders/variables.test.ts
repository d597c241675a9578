// The values of placeholders: variables, defaults, filters; and text that is not a placeholder.
import { expect } from 'chai';
import fc from 'fast-check';
import { parseTemplate } from '../../../src/sbatch-template/parse-template.ts';
import type { PlaceholderUse, Variables } from '../../../src/sbatch-template/template.ts';
import { emptyVariables, noBlocks, errorOf, withBody } from '../template-fixtures.ts';

const variables: Variables = {
  ...emptyVariables,
  queueName: 'gpu',
  queueId: 'q1',
  workerId: 'login1:slurm',
  task: {
    id: 'abc',
    name: 'My Task',
    project: 'p1',
    tags: ['a', 'b', 3, true],
    mixed: [{}],
    empty: '',
    none: null,
    yes: true,
    no: false,
    big: 12345678901,
    half: 0.5,
    type: 'training',
    execution: { parameters: {} },
    hyperparams: {
      properties: {
        num_nodes: { section: 'properties', name: 'num_nodes', value: '2', type: 'int' },
        'slurm.mem': { value: '4G' },
        filesystems: { value: 'home:eagle' },
        lines: { value: 'a\nb\r\nc' },
        spaced: { value: '  x  ' },
      },
      Args: { lr: { value: '0.1' }, filesystems: { value: 'no' } },
    },
    container: { image: 'docker://ubuntu', arguments: `--ipc=host -e "A=b c" -v '/a b:/c'` },
  },
  project: { id: 'p1', name: 'Vision Lab' },
  user: { id: 'u1', name: 'Jane' },
  config: { agent: { worker_name: 'login1', slurm: { shared_dir: '/shared' } } },
};

function use(placeholder: string, from: Variables = variables): PlaceholderUse {
  const [first] = parseTemplate(withBody(`: "${placeholder}"`), 'v.template').render(from, noBlocks).uses;
  if (first === undefined) throw new Error(`${placeholder} is no placeholder`);
  return first;
}

function findingFor(placeholder: string, from: Variables = variables): string {
  return errorOf(() => use(placeholder, from))?.message ?? 'no problem';
}

const VALUES: readonly (readonly [placeholder: string, value: string, origin: string])[] = [
  ['${CLEARML_QUEUE_NAME}', 'gpu', 'glue'],
  ['${CLEARML_QUEUE_ID}', 'q1', 'glue'],
  ['${CLEARML_WORKER_ID}', 'login1:slurm', 'glue'],
  ['${CLEARML_PROJECT_NAME}', 'Vision Lab', 'task'],
  ['${CLEARML_PROJECT_ID}', 'p1', 'task'],
  ['${CLEARML_TASK.id}', 'abc', 'task'],
  ['$<CLEARML_TASK.id>', 'abc', 'task'],
  ['$<CLEARML_QUEUE_NAME>', 'gpu', 'glue'],
  ['${CLEARML_TASK.project}', 'p1', 'task'],
  ['${CLEARML_TASK.project.id}', 'p1', 'task'],
  ['${CLEARML_TASK.project.name}', 'Vision Lab', 'task'],
  ['${CLEARML_TASK.tags}', 'a,b,3,true', 'task'],
  ['${CLEARML_TASK.yes}', 'true', 'task'],
  ['${CLEARML_TASK.no}', 'false', 'task'],
  ['${CLEARML_TASK.big}', '12345678901', 'task'],
  ['${CLEARML_TASK.half}', '0.5', 'task'],
  ['${CLEARML_TASK.empty:default}', '', 'task'],
  ['${CLEARML_TASK.container.image}', 'docker://ubuntu', 'task'],
  ['${CLEARML_TASK.hyperparams.properties.num_nodes.value}', '2', 'task'],
  ['${CLEARML_TASK.hyperparams.Properties.num_nodes.value:1}', '2', 'task'],
  ['${CLEARML_TASK.hyperparams.properties.slurm.mem.value}', '4G', 'task'],
  ['${CLEARML_TASK.hyperparams.num_nodes.value:1}', '2', 'task'],
  ['${CLEARML_TASK.hyperparams.Args.lr.value}', '0.1', 'task'],
  ['${CLEARML_USER.name}', 'Jane', 'task'],
  ['${CLEARML_CONFIG.agent.slurm.shared_dir}', '/shared', 'config'],

  ['${CLEARML_TASK.none:x}', 'x', 'default'],
  ['${CLEARML_TASK.absent:}', '', 'default'],
  ['${CLEARML_TASK.absent:00:30:00}', '00:30:00', 'default'],
  ['${CLEARML_TASK.absent:home:eagle}', 'home:eagle', 'default'],
  ['${CLEARML_TASK.absent:nvcr.io/nvidia/pytorch:24.01-py3}', 'nvcr.io/nvidia/pytorch:24.01-py3', 'default'],
  ['${CLEARML_TASK.absent:a b @ <c> "d" (e)}', 'a b @ <c> "d" (e)', 'default'],
  ['${CLEARML_TASK.absent:-x}', '-x', 'default'],
  ['${CLEARML_TASK.absent:a100|h100}', 'a100|h100', 'default'],
  ['$<CLEARML_TASK.absent:a}b>', 'a}b', 'default'],
  ['${CLEARML_TASK.constructor:own}', 'own', 'default'],
  ['${CLEARML_TASK.__proto__.x:own}', 'own', 'default'],
  ['${CLEARML_TASK.name.length:own}', 'own', 'default'],
  ['${CLEARML_TASK.tags.length:own}', 'own', 'default'],
  ['${CLEARML_TASK.id.more:x}', 'x', 'default'],

  ['${CLEARML_TASK.name|lower}', 'my task', 'task'],
  ['${CLEARML_TASK.name|capitalize}', 'My task', 'task'],
  ['${CLEARML_TASK.name|strip(Mk)}', 'y Tas', 'task'],
  ['${CLEARML_TASK.name|lower|strip(my )|capitalize}', 'Task', 'task'],
  ['${CLEARML_TASK.hyperparams.properties.spaced.value|strip}', 'x', 'task'],
  ['${CLEARML_TASK.hyperparams.properties.spaced.value|strip( x)}', '', 'task'],
  ['${CLEARML_TASK.hyperparams.properties.lines.value}', 'abc', 'task'],
  ['${CLEARML_TASK.hyperparams.properties.lines.value|remove_newlines}', 'abc', 'task'],
  ['${CLEARML_TASK.absent:AB c|lower}', 'ab c', 'default'],
  ['${CLEARML_TASK.absent|lower:AB|C}', 'ab|c', 'default'],
  ['${CLEARML_TASK.absent|strip(:):a:b:}', 'a:b', 'default'],
  ['${CLEARML_QUEUE_NAME|capitalize}', 'Gpu', 'glue'],
];

const PROBLEMS: readonly (readonly [placeholder: string, message: RegExp])[] = [
  [
    '${CLEARML_TASK.absent}',
    /^v\.template:3:4: \$\{CLEARML_TASK\.absent\} has no value for task abc and no default: write \$\{CLEARML_TASK\.absent:VALUE\} for a default$/,
  ],
  [
    '${CLEARML_TASK.hyperparams.properties.walltime.value}',
    /for a default, or set the user property "walltime" of the task$/,
  ],
  ['${CLEARML_TASK.hyperparams.propertys.num_nodes.value}', /did you mean "properties" instead of "propertys"\?$/],
  [
    '${CLEARML_TASK.hyperparams.properties.num_node.value}',
    /set the user property "num_node" of the task; did you mean "num_nodes" instead of "num_node"\?$/,
  ],
  ['${CLEARML_TASK.contaner.image}', /did you mean "container" instead of "contaner"\?$/],
  [
    '${CLEARML_TASK.hyperparams.properties.num_nodes}',
    /is not a single value; it has the fields section, name, value, type: write \$\{CLEARML_TASK\.hyperparams\.properties\.num_nodes\.value\}$/,
  ],
  ['${CLEARML_TASK.hyperparams.properties.num_nodes:1}', /is not a single value/],
  ['${CLEARML_TASK.mixed}', /has no value/],
  ['${CLEARML_CONFIG.agent.absent}', /has no value for task abc and no default/],
];

describe('the template renderer', () => {
  for (const [placeholder, value, origin] of VALUES) {
    it(`renders the ${/\|(?:lower|capitalize|strip|remove)/.test(placeholder) ? 'filtered ' : ''}${origin === 'default' ? 'default' : 'value'} of ${placeholder} as ${JSON.stringify(value)}`, () => {
      expect(use(placeholder)).to.deep.include({ value, origin });
    });
  }

  for (const [placeholder, message] of PROBLEMS) {
    it(`rejects ${placeholder}, which has ${message.source.includes('single') ? 'more than one value' : 'no value and no default'}`, () => {
      expect(findingFor(placeholder)).to.match(message);
    });
  }

  it('renders the placeholder in "$$${…}", but not in "$${…}"', () => {
    const { script, uses } = parseTemplate(withBody(': $${CLEARML_TASK.id} $$${CLEARML_TASK.id}'), 'v').render(
      variables,
      noBlocks,
    );
    expect(script).to.include(': $${CLEARML_TASK.id} $$abc\n');
    expect(uses).to.have.length(1);
  });

  it('keeps the newlines and tabs of a value with the filter |raw', () => {
    expect(
      use('${CLEARML_TASK.hyperparams.properties.lines.value|raw|strip(\r)}'.replace('|strip(\r)', ''), {
        ...variables,
        task: { hyperparams: { properties: { lines: { value: 'a\nb\tc' } } } },
      }).value,
    ).to.equal('a\nb\tc');
  });

  for (const [name, value] of [
    ['U+0007', 'a\u0007b'],
    ['U+001B', '\u001b[31mred'],
    ['U+0009', 'a\tb'],
    ['U+007F', '\u007f'],
    ['U+0085', '\u0085'],
    ['U+000D', 'a\rb'],
    ['U+0000', 'a\0b'],
    ['U+D800', 'a\ud800'],
  ] as const) {
    it(`rejects a value that contains the ${name === 'U+D800' ? 'lone surrogate' : 'control character'} ${name}`, () => {
      const message = findingFor('${CLEARML_TASK.name}', { ...variables, task: { name: value } });
      expect(message).to.match(
        new RegExp(
          `^v\\.template:3:4: the value of CLEARML_TASK\\.name is .*, with the forbidden character ${name.replace('+', '\\+')}`,
        ),
      );
      expect(message).not.to.match(/\p{Cc}/u);
    });
  }

  it('rejects CLEARML_PROJECT_NAME without a default if the project is unknown', () => {
    expect(use('${CLEARML_PROJECT_ID}', { ...variables, project: {} }).value).to.equal('p1');
    expect(findingFor('${CLEARML_PROJECT_NAME}', { ...variables, project: {} })).to.match(/has no value/);
    expect(use('${CLEARML_PROJECT_NAME:none}', { ...variables, project: {} }).value).to.equal('none');
  });

  it('lists each placeholder with line and column, in the order of the template', () => {
    const text =
      '#!/bin/bash\n#SBATCH -J ${CLEARML_TASK.id}\n${CLEARML_PRE_SETUP}\necho $<CLEARML_QUEUE_NAME> "é${CLEARML_TASK.x:y}"\n${CLEARML_AGENT_EXECUTE}\n${CLEARML_POST_SETUP}\n';
    expect(parseTemplate(text, 'v').render(variables, noBlocks).uses).to.deep.equal([
      {
        line: 2,
        column: 12,
        variable: 'CLEARML_TASK.id',
        value: 'abc',
        origin: 'task',
        option: { name: 'job-name', before: '', after: '' },
      },
      { line: 4, column: 6, variable: 'CLEARML_QUEUE_NAME', value: 'gpu', origin: 'glue' },
      { line: 4, column: 30, variable: 'CLEARML_TASK.x', value: 'y', origin: 'default' },
    ]);
  });
});

describe('the template renderer', () => {
  function render(body: string): string {
    return parseTemplate(withBody(body), 'w').render(variables, noBlocks).script.split('\n')[2] ?? '';
  }

  it('splits unquoted container arguments into words, and quotes each word', () => {
    expect(render('singularity exec ${CLEARML_TASK.container.arguments} img')).to.equal(
      `singularity exec --ipc=host -e 'A=b c' -v '/a b:/c' img`,
    );
  });

  it('splits a task name into words if the placeholder has the filter |words', () => {
    expect(render('f ${CLEARML_TASK.name|words} ${CLEARML_TASK.name}')).to.equal(`f My Task 'My Task'`);
  });

  it('does not split container arguments in quotes or in an assignment', () => {
    const one = `--ipc=host -e "A=b c" -v '/a b:/c'`;
    expect(render('f "${CLEARML_TASK.container.arguments}"')).to.equal(`f "${one.replaceAll('"', '\\"')}"`);
    expect(render('a=${CLEARML_TASK.container.arguments}')).to.match(/^a='--ipc/);
  });

  it('rejects container arguments with an unpaired quote', () => {
    const task = { container: { arguments: "it's" } };
    const problem = errorOf(() =>
      parseTemplate(withBody('f ${CLEARML_TASK.container.arguments}'), 'w').render({ ...variables, task }, noBlocks),
    );
    expect(problem?.message).to.match(/^w:3:3: .*, which has an unpaired quote/);
  });
});

describe('template text that is not a placeholder', () => {
  const FOREIGN = [
    '${VAR:-x}',
    '${#a[@]}',
    '$$',
    '$${x}',
    '$$$$',
    '$$${VAR}',
    '${CLEARML_API_HOST}',
    '${CLEARML_TASK_ID}',
    '${CLEARML_TASK}',
    '${CLEARML_TASK:-x}',
    '${CLEARML_CONFIG_FILE}',
    '$CLEARML_QUEUE_NAME',
    '${#CLEARML_QUEUE_NAME}',
    '${CLEARML_QUEUE_NAME%:*}',
    '${CLEARML_QUEUE_NAME[0]}',
    '${!CLEARML_TASK@}',
    '$<',
    '$<VAR>',
    '$CLEARML_AGENT__AGENT__VENVS_DIR/x',
    '${CLEARML_AGENT__AGENT__VENVS_DIR}',
    '$(date)',
    '$((1+1))',
    '{{x}}',
    '${x^^}',
    '%j',
  ];

  it('does not change when rendered', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...FOREIGN)), (pieces) => {
        const body = pieces
          .map((piece) => `: "${piece}" ${piece.startsWith('$<') ? '' : piece}\t # ${piece}`)
          .join('\n');
        expect(parseTemplate(withBody(body), 'v').render(variables, noBlocks).script).to.equal(
          withBody(body).replaceAll(/\$\{CLEARML_(PRE_SETUP|AGENT_EXECUTE|POST_SETUP)\}/g, ':'),
        );
      }),
    );
  });
});
