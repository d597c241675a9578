// The rendered blocks: bash accepts them, shellcheck finds nothing, and no value becomes code.
import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import fc from 'fast-check';
import { renderBlocks } from '../../src/sbatch-template/job-script/render-blocks.ts';
import { JOB_EXIT_CODES } from '../../src/sbatch-template/job-script/job-exit-codes.ts';
import { createNode, fillIn, jobFacts, PLAIN_TEMPLATE } from './job-script.ts';

const everyFact = jobFacts({
  apiServer: 'https://api.example.org',
  sharedConf: '/shared/jobs/x.conf',
  sharedDir: '/shared folder',
  python: '/opt/python/bin/python3',
});

const inContainer = jobFacts({
  container: {
    image: 'docker://python:3.12',
    imageName: 'python:3.12',
    siteImages: ['/images/python_3.12.sif'],
    pulledImage: '/cache/python_3.12-0123456789ab.sif',
    forcePull: true,
    runtime: 'singularity',
    ssh: true,
    options: ['--bind', '/data:/data'],
    environment: [{ name: 'A', value: 'b' }],
    setUp: 'echo "set up"',
  },
});

const inPyxis = jobFacts({
  startsBySrun: true,
  pyxis: { isWhole: false, seesJobFolder: true, imageName: 'python:3.12', environment: [], setUp: '' },
});

describe('the blocks of a job script (CLEARML_PRE_SETUP and others)', () => {
  for (const [what, facts] of [
    ['only the required values', jobFacts()],
    ['all optional values', everyFact],
    ['a mapped Unix user', jobFacts({ unixUser: 'alice' })],
    ['a container', inContainer],
    ['an agent that srun starts', jobFacts({ startsBySrun: true })],
    ['a Pyxis container that sees the directory of the job', inPyxis],
    ['a signal for the task', jobFacts({ forwardedSignal: 'USR1' })],
  ] as const) {
    it(`pass shellcheck for a job with ${what}`, () => {
      expect(runOn('shellcheck', ['-s', 'bash', '-'], fillIn(PLAIN_TEMPLATE, facts))).to.equal('');
    });
  }

  it('contain no unrendered {{…}} tag', () => {
    expect(fillIn(PLAIN_TEMPLATE, everyFact)).not.to.match(/\{\{|\}\}/);
  });

  it('render CLEARML_AGENT_EXECUTE as a single "bash -c" line', () => {
    expect(renderBlocks(everyFact).agentExecute).to.match(/^bash -c [^\n]+$/);
  });

  it('contain a message and advice for every exit code', () => {
    const { preSetup } = renderBlocks(everyFact);
    for (const { code, meaning, advice } of Object.values(JOB_EXIT_CODES)) {
      expect(preSetup).to.include(`${code})`).and.include(meaning).and.include(advice);
    }
  });

  it('pass any value of a setting through bash without a change, and execute no value', () => {
    const facts = fc.record({
      taskId: hostileText(),
      schedulerQueueId: hostileText(),
      queueId: hostileText(),
      apiServer: hostileText(),
      agentVersion: hostileText(),
      python: hostileText(),
      sharedDir: hostileText(),
      sharedConf: hostileText(),
    });
    const names = [
      'task',
      'scheduler_queue',
      'queue',
      'api_server',
      'agent_version',
      'python',
      'shared_folder',
      'own_configuration',
    ];
    fc.assert(
      fc.property(facts, (values) => {
        const { preSetup } = renderBlocks({ ...jobFacts(), ...values });
        // The part before the functions has all values but the worker's name.
        const assignments = preSetup.slice(0, preSetup.indexOf('clearml_node()'));
        const show = `printf '%s\\0' ${names.map((name) => `"$clearml_${name}"`).join(' ')}`;
        const shown = runOn('bash', [], `${assignments}\n${show}`).split('\0').slice(0, -1);
        expect(shown).to.deep.equal([
          values.taskId,
          values.schedulerQueueId,
          values.queueId,
          values.apiServer,
          values.agentVersion,
          values.python,
          values.sharedDir,
          values.sharedConf,
        ]);
      }),
      { numRuns: 100 },
    );
  });

  it('pass the container settings of a task through bash without a change, and execute no value', () => {
    const container = fc.record({
      image: hostileText(),
      imageName: hostileText(),
      options: fc.array(hostileText(), { maxLength: 4 }),
      environment: fc.array(fc.record({ name: fc.constantFrom('A', 'B_2'), value: hostileText() }), { maxLength: 1 }),
      setUp: hostileText(),
      siteImages: fc.array(hostileText(), { maxLength: 2 }),
      pulledImage: hostileText(),
      forcePull: fc.boolean(),
      runtime: hostileText(),
      ssh: fc.boolean(),
    });
    fc.assert(
      fc.property(container, (values) => {
        const { preSetup } = renderBlocks(jobFacts({ container: values }));
        const files = preSetup.indexOf('clearml_site_images=');
        const assignments = [
          preSetup.slice(0, preSetup.indexOf('clearml_node()')),
          preSetup.slice(files, preSetup.indexOf('clearml_find_image()', files)),
        ].join('\n');
        const [variable] = values.environment;
        const names = ['clearml_image', 'CLEARML_DOCKER_IMAGE', 'CLEARML_SLURM_SET_UP'];
        names.push('clearml_pulled_image', 'clearml_runtime');
        if (variable !== undefined) names.push(`CLEARML_SLURM_ENV_${variable.name}`);
        const show = `printf '%s\\0' ${names.map((name) => `"$${name}"`).join(' ')} "\${clearml_container[@]}" "\${clearml_site_images[@]}"`;
        const shown = runOn('bash', [], `${assignments}\n${show}`).split('\0').slice(0, -1);
        const texts = [values.image, values.imageName, values.setUp, values.pulledImage, values.runtime];
        if (variable !== undefined) texts.push(variable.value);
        expect(shown).to.deep.equal([...texts, ...values.options, ...values.siteImages]);
      }),
      { numRuns: 100 },
    );
  });

  it('pass a hostile worker name to the agent unchanged', async () => {
    const node = createNode();
    const workerPrefix = `it's "$(touch hacked)" \`touch hacked\` #; \\`;
    const { stdout } = await node.run(fillIn(PLAIN_TEMPLATE, jobFacts({ python: node.python, workerPrefix })), {
      STAND_IN_AGENT: 'printf "%s" "$CLEARML_WORKER_ID"; ls',
    });
    node.remove();
    expect(stdout)
      .to.include(`${workerPrefix}:4711`)
      .and.not.match(/^hacked$/m);
  });
});

/** Texts of characters that are special to shells and Mustache, without NUL, which no command can contain. */
function hostileText(): fc.Arbitrary<string> {
  const pieces = [
    "'",
    '"',
    '$(touch hacked)',
    '`touch hacked`',
    '\\',
    '\n',
    '#',
    '{{taskId}}',
    '${x}',
    ';',
    ' ',
    'é',
    '*',
    '!',
  ];
  return fc
    .array(fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 4, unit: 'grapheme' })), {
      minLength: 1,
      maxLength: 8,
    })
    .map((parts) => parts.join('').replaceAll('\0', ''))
    .filter((text) => text !== '');
}

/** The output of the program, even if it fails. */
function runOn(program: string, args: readonly string[], input: string): string {
  return execFileSync(program, args, { input, encoding: 'utf8' });
}
