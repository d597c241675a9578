// The documentation is correct: commands parse, links exist, templates are valid.
import { expect } from 'chai';
import { execFileSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { split } from 'shlex';
import { parseTemplate } from '../src/sbatch-template/parse-template.ts';
import { openCliWithSandbox, type CliWithSandbox } from './cli/cli-with-sandbox.ts';
import { emptyVariables } from './sbatch-template/template-fixtures.ts';

const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'RELEASING.md',
  ...['docs', 'docs/decisions', 'docs/proof'].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.md'))
      .map((name) => join(folder, name)),
  ),
  ...readdirSync('examples/workflows').map((name) => join('examples/workflows', name, 'README.md')),
];

/** The indented blocks of a page, and those between fences, without their indentation. */
function blocksOf(page: string): string[] {
  const text = readFileSync(page, 'utf8').replace(/^```.*\n([^]*?)^```$/gm, (_, block: string) =>
    block.replace(/^/gm, '    '),
  );
  return [...text.matchAll(/(?:^(?: {4,}.*)?\n)+/gm)]
    .map(([block]) => block.replace(/^ {4}/gm, '').trim())
    .filter((block) => block !== '');
}

/** Command lines of the program: in blocks, and in single backquotes if complete. */
function commandsOf(page: string): string[] {
  const inText = [...readFileSync(page, 'utf8').matchAll(/`(clearml-agent-slurm [^`…|]*)`/g)].map(
    ([, line = '']) => line,
  );
  const lines = blocksOf(page).flatMap((block) => block.replaceAll('\\\n', ' ').split('\n'));
  const inBlocks = lines.flatMap((line) => /^\s*(?:\$ )?(clearml-agent-slurm(?: [^…]*)?)$/.exec(line)?.[1] ?? []);
  return [...new Set([...inBlocks, ...inText])].map((line) => line.replace(/\s+[#>].*$/, '').trim());
}

/** The placeholders for a task id in the documents. */
const A_TASK = /^(TASK|0123456789abcdef0123456789abcdef)$/;

/** A home folder as the documents assume it: templates, a task, queues; but no Slurm, so that no job starts. */
async function prepareHome(): Promise<{ cli: CliWithSandbox; task: string }> {
  const cli = await openCliWithSandbox('agent.slurm.queues.gpu.template: gpu.template', { PATH: '/nowhere' });
  const template = readFileSync('examples/gpu.template', 'utf8');
  await mkdir(join(cli.folder, 'site'));
  for (const path of readdirSync('examples', { recursive: true, encoding: 'utf8' }))
    if (path.endsWith('.template')) await cli.write(basename(path), readFileSync(join('examples', path), 'utf8'));
  await cli.write('site/slurm.template', template);
  const settings = 'agent.slurm { queues: [gpu], template_files: [slurm.template] }';
  await cli.write('site/clearml-slurm.conf', `include "${cli.folder}/clearml.conf"\n${settings}\n`);
  await cli.write('task.json', JSON.stringify({ id: '0123456789abcdef0123456789abcdef', name: 'train' }));
  for (const queue of ['gpu', 'gpus', 'cpu', 'default', 'controllers', 'trials', 'notebooks', 'distributed'])
    await cli.user.makeQueue(queue);
  return { cli, task: await cli.user.makeTask({}) };
}

/** The command for this task, adapted so that it ends and needs none of the steps before it. */
function inPlaceOf(words: readonly string[], task: string): string[] {
  const isInit = words[0] === 'init';
  // `sudoers` needs a user map, the others would run until they are stopped; --help still parses the arguments.
  if (['sandbox', 'demo', 'sudoers'].includes(words[0] ?? '')) return [...words, '--help'];
  // The host does not exist, so show the effective configuration instead.
  return [...(words.includes('--ssh') ? ['config'] : []), ...words].map((word) => {
    if (A_TASK.test(word)) return task;
    if (word === 'COMMAND') return 'lint';
    return isInit && word === 'site' ? 'my-site' : word;
  });
}

describe('documentation:', () => {
  describe('the program', () => {
    let home: Awaited<ReturnType<typeof prepareHome>>;

    before(async () => {
      home = await prepareHome();
    });
    after(() => home.cli[Symbol.asyncDispose]());

    for (const page of PAGES) {
      for (const command of commandsOf(page)) {
        it(`accepts the command in ${page}: ${command}`, async () => {
          const words = inPlaceOf(split(command).slice(1), home.task);

          const { code, stderr } = await home.cli.run(...words);

          // `status --check` exits as a Nagios plugin does, for which 2 is CRITICAL.
          if (!words.includes('--check')) expect(code, stderr).not.to.equal(2);
          expect(stderr).not.to.include('report this bug');
        });
      }
    }
  });

  for (const page of PAGES) {
    it(`${page} links only to existing files and headings`, () => {
      const text = readFileSync(page, 'utf8');
      const broken = [...text.matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, link = '']) => link)
        .filter((link) => !/^https?:/.test(link) && !hasTarget(page, link));

      expect(broken).to.deep.equal([]);
    });
  }

  it('docs/security.md names only existing tests', () => {
    const rows = readFileSync('docs/security.md', 'utf8').matchAll(/^\| [a-d, ]+ \|[^|]+\|(.*)\|$/gm);
    const named = [...rows].flatMap(([, tests = '']) =>
      [...tests.matchAll(/`([a-z0-9/-]+)`/g)].map(([, name]) => name),
    );

    expect(named).not.to.deep.equal([]);
    expect(named.filter((name) => !existsSync(`test/${name}.test.ts`))).to.deep.equal([]);
  });

  it('README.md links, directly or through other pages, to every page except decision records', () => {
    const found = new Set(['README.md']);
    for (const page of found) {
      for (const [, link = ''] of readFileSync(page, 'utf8').matchAll(/\]\(([^)#\s]+\.md)/g))
        found.add(join(dirname(page), link));
    }

    expect(PAGES.filter((page) => !found.has(page) && !page.startsWith('docs/decisions/'))).to.deep.equal([]);
  });

  it('package.json contains every npm script that a page names', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
    const named = PAGES.flatMap((page) => [...readFileSync(page, 'utf8').matchAll(/npm run ([\w-]+)/g)]);

    expect(named.map(([, name = '']) => name).filter((name) => !(name in scripts))).to.deep.equal([]);
  });

  for (const page of PAGES) {
    for (const [index, template] of blocksOf(page)
      .filter((block) => block.startsWith('#!/bin/bash'))
      .entries()) {
      it(`template ${index + 1} in ${page} renders to a valid bash script`, () => {
        const properties = { account: { value: 'lab' } };
        const task = { id: '0123456789abcdef0123456789abcdef', name: "it's", hyperparams: { properties } };
        const blocks = { preSetup: 'echo PRE', agentExecute: 'echo AGENT', postSetup: 'exit 0' };

        const { script } = parseTemplate(template, page).render({ ...emptyVariables, task }, blocks);

        execFileSync('bash', ['-n'], { input: script });
      });
    }
  }
});

function hasTarget(page: string, link: string): boolean {
  const [path = '', heading] = link.split('#');
  const file = path === '' ? page : join(dirname(page), path);
  if (!existsSync(file)) return false;
  if (heading === undefined || statSync(file).isDirectory()) return true;
  const headings = [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, text = '']) => anchorOf(text));
  return headings.includes(heading);
}

/** As GitHub generates them. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}
